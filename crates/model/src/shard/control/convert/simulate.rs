//! Between the shapes and the messages of a try.

use super::{WireError, each, finite, given, sent, time};
use crate::shard::control::shapes::{
    Assignment, Change, SimulateNode, SimulateRequest, SimulateResponse,
};
use crate::shard::control::wire::{
    ShardSimulationAssignment, ShardSimulationChange, ShardSimulationNode, ShardSimulationRequest,
    ShardSimulationResponse,
};

impl From<&SimulateRequest> for ShardSimulationRequest {
    fn from(request: &SimulateRequest) -> Self {
        ShardSimulationRequest {
            namespace: request.namespace.clone(),
            strategy_id: sent(request.strategy_id.as_ref()),
            nodes: request.nodes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<ShardSimulationRequest> for SimulateRequest {
    type Error = WireError;

    fn try_from(message: ShardSimulationRequest) -> Result<Self, WireError> {
        Ok(SimulateRequest {
            namespace: message.namespace,
            strategy_id: given(message.strategy_id),
            nodes: each(message.nodes)?,
        })
    }
}

impl From<&SimulateNode> for ShardSimulationNode {
    fn from(node: &SimulateNode) -> Self {
        ShardSimulationNode {
            node_id: node.node_id.clone(),
            weight: node.weight,
            region: sent(node.region.as_ref()),
            zone: sent(node.zone.as_ref()),
        }
    }
}

impl TryFrom<ShardSimulationNode> for SimulateNode {
    type Error = WireError;

    fn try_from(message: ShardSimulationNode) -> Result<Self, WireError> {
        let weight = message.weight.map(|weight| finite(weight, "weight"));
        Ok(SimulateNode {
            node_id: message.node_id,
            weight: weight.transpose()?,
            region: given(message.region),
            zone: given(message.zone),
        })
    }
}

impl From<&SimulateResponse> for ShardSimulationResponse {
    fn from(response: &SimulateResponse) -> Self {
        ShardSimulationResponse {
            namespace: response.namespace.clone(),
            strategy_id: response.strategy_id.clone(),
            generated_at: Some(response.generated_at.into()),
            assignments: response.assignments.iter().map(Into::into).collect(),
            changes: response.changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<ShardSimulationResponse> for SimulateResponse {
    type Error = WireError;

    fn try_from(message: ShardSimulationResponse) -> Result<Self, WireError> {
        Ok(SimulateResponse {
            namespace: message.namespace,
            strategy_id: message.strategy_id,
            generated_at: time(message.generated_at, "generated_at")?,
            assignments: each(message.assignments)?,
            changes: message.changes.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<&Assignment> for ShardSimulationAssignment {
    fn from(assignment: &Assignment) -> Self {
        ShardSimulationAssignment {
            namespace: assignment.namespace.clone(),
            shard_id: assignment.shard_id.clone(),
            owner_node_id: assignment.owner_node_id.clone(),
            capacity: assignment.capacity,
            locality_hint: sent(assignment.locality_hint.as_ref()),
        }
    }
}

impl TryFrom<ShardSimulationAssignment> for Assignment {
    type Error = WireError;

    fn try_from(message: ShardSimulationAssignment) -> Result<Self, WireError> {
        Ok(Assignment {
            namespace: message.namespace,
            shard_id: message.shard_id,
            owner_node_id: message.owner_node_id,
            capacity: finite(message.capacity, "capacity")?,
            locality_hint: given(message.locality_hint),
        })
    }
}

impl From<&Change> for ShardSimulationChange {
    fn from(change: &Change) -> Self {
        ShardSimulationChange {
            namespace: change.namespace.clone(),
            shard_id: change.shard_id.clone(),
            current_owner: change.current_owner.clone(),
            proposed_owner: change.proposed_owner.clone(),
            changes_owner: change.changes_owner,
        }
    }
}

impl From<ShardSimulationChange> for Change {
    fn from(message: ShardSimulationChange) -> Self {
        Change {
            namespace: message.namespace,
            shard_id: message.shard_id,
            current_owner: message.current_owner,
            proposed_owner: message.proposed_owner,
            changes_owner: message.changes_owner,
        }
    }
}
