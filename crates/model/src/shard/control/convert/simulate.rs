//! Between the shapes and the messages of a try.

use super::{WireError, each, finite, given, time};
use crate::shard::control::shapes::{
    Assignment, Change, SimulateNode, SimulateRequest, SimulateResponse,
};
use crate::shard::control::wire::{
    ShardSimulationAssignment, ShardSimulationChange, ShardSimulationNode, ShardSimulationRequest,
    ShardSimulationResponse,
};

impl From<SimulateRequest> for ShardSimulationRequest {
    fn from(request: SimulateRequest) -> Self {
        ShardSimulationRequest {
            namespace: request.namespace,
            strategy_id: request.strategy_id.unwrap_or_default(),
            nodes: request.nodes.into_iter().map(Into::into).collect(),
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

impl From<SimulateNode> for ShardSimulationNode {
    fn from(node: SimulateNode) -> Self {
        ShardSimulationNode {
            node_id: node.node_id,
            weight: node.weight,
            region: node.region.unwrap_or_default(),
            zone: node.zone.unwrap_or_default(),
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

impl From<SimulateResponse> for ShardSimulationResponse {
    fn from(response: SimulateResponse) -> Self {
        ShardSimulationResponse {
            namespace: response.namespace,
            strategy_id: response.strategy_id,
            generated_at: Some(response.generated_at.into()),
            assignments: response.assignments.into_iter().map(Into::into).collect(),
            changes: response.changes.into_iter().map(Into::into).collect(),
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

impl From<Assignment> for ShardSimulationAssignment {
    fn from(assignment: Assignment) -> Self {
        ShardSimulationAssignment {
            namespace: assignment.namespace,
            shard_id: assignment.shard_id,
            owner_node_id: assignment.owner_node_id,
            capacity: assignment.capacity,
            locality_hint: assignment.locality_hint.unwrap_or_default(),
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

impl From<Change> for ShardSimulationChange {
    fn from(change: Change) -> Self {
        ShardSimulationChange {
            namespace: change.namespace,
            shard_id: change.shard_id,
            current_owner: change.current_owner,
            proposed_owner: change.proposed_owner,
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
