//! The members of each body.

use serde::de::{Error, MapAccess};

use super::values::{Double, Integer, List, Nullable, Status, Texts, Time, text};
use super::{Body, JsonMode, Members};
use crate::shard::control::shapes::{
    Assignment, Change, Diff, DiffEntry, History, ShardList, SimulateNode, SimulateRequest,
    SimulateResponse, StreamError, Summary,
};

/// Names as the bodies have them, and what reads the value of each into the body.
macro_rules! members {
    ($shape:ty, required [$($required:literal),*], |$body:ident, $map:ident, $mode:ident| {
        $($name:literal => $read:expr,)*
    }) => {
        impl Members for $shape {
            const NAMES: &'static [&'static str] = &[$($name),*];
            const REQUIRED: &'static [&'static str] = &[$($required),*];

            fn member<'de, A: MapAccess<'de>>(
                &mut self,
                name: &str,
                $map: &mut A,
                $mode: JsonMode,
            ) -> Result<(), A::Error> {
                let $body = self;
                match name {
                    $($name => $read,)*
                    _ => return Err(A::Error::unknown_field(name, Self::NAMES)),
                }
                Ok(())
            }
        }
    };
}

members!(Summary, required [], |body, map, mode| {
    "namespace" => body.namespace = text(map)?,
    "shardId" => body.shard_id = text(map)?,
    "strategyId" => body.strategy_id = text(map)?,
    "ownerNodeId" => body.owner_node_id = text(map)?,
    "leaderId" => body.leader_id = map.next_value()?,
    "capacityHint" => body.capacity_hint = map.next_value::<Double>()?.0,
    "status" => body.status = map.next_value_seed(Status(mode))?,
    "version" => body.version = map.next_value::<Integer>()?.0,
    "checksum" => body.checksum = text(map)?,
    "updatedAt" => body.updated_at = map.next_value::<Time>()?.0,
    "changeTicket" => body.change_ticket = map.next_value()?,
});

members!(
    History,
    required ["namespace", "shardId", "version", "actor", "reason"],
    |body, map, _mode| {
        "namespace" => body.namespace = text(map)?,
        "shardId" => body.shard_id = text(map)?,
        "version" => body.version = map.next_value::<Integer>()?.0,
        "strategyId" => body.strategy_id = text(map)?,
        "actor" => body.actor = text(map)?,
        "reason" => body.reason = text(map)?,
        "changeTicket" => body.change_ticket = map.next_value()?,
        "createdAt" => body.created_at = map.next_value::<Time>()?.0,
        "ownerNodeId" => body.owner_node_id = text(map)?,
        "previousOwnerNodeId" => body.previous_owner_node_id = map.next_value()?,
        "ownershipDeltaPercent" => {
            body.ownership_delta_percent = map.next_value::<Option<Double>>()?.map(|d| d.0);
        },
        "metadata" => body.metadata = map.next_value()?,
    }
);

members!(DiffEntry, required ["current"], |body, map, mode| {
    "position" => body.position = map.next_value::<Integer>()?.0,
    "current" => body.current = map.next_value_seed(Body::new(mode))?,
    "previous" => body.previous = map.next_value_seed(Nullable(Body::new(mode)))?,
    "history" => body.history = map.next_value_seed(Nullable(Body::new(mode)))?,
    "removed" => body.removed = map.next_value::<Option<bool>>()?.unwrap_or_default(),
});

members!(ShardList, required [], |body, map, mode| {
    "items" => body.items = map.next_value_seed(List(Body::new(mode)))?,
    "nextCursor" => body.next_cursor = map.next_value()?,
    "version" => body.version = map.next_value::<Integer>()?.0,
});

members!(Diff, required [], |body, map, mode| {
    "items" => body.items = map.next_value_seed(List(Body::new(mode)))?,
    "lastPosition" => body.last_position = map.next_value::<Option<Integer>>()?.map(|i| i.0),
});

members!(SimulateRequest, required [], |body, map, mode| {
    "namespace" => body.namespace = text(map)?,
    "strategyId" => body.strategy_id = map.next_value()?,
    "nodes" => {
        let nodes = map.next_value_seed(Nullable(List(Nullable(Body::new(mode)))))?;
        let nodes = nodes.unwrap_or_default().into_iter();
        body.nodes = nodes.map(Option::unwrap_or_default).collect();
    },
});

members!(SimulateNode, required [], |body, map, _mode| {
    "nodeId" => body.node_id = text(map)?,
    "weight" => body.weight = map.next_value::<Option<Double>>()?.map(|d| d.0),
    "region" => body.region = map.next_value()?,
    "zone" => body.zone = map.next_value()?,
});

members!(SimulateResponse, required [], |body, map, mode| {
    "namespace" => body.namespace = text(map)?,
    "strategyId" => body.strategy_id = text(map)?,
    "generatedAt" => body.generated_at = map.next_value::<Time>()?.0,
    "assignments" => body.assignments = map.next_value_seed(List(Body::new(mode)))?,
    "changes" => body.changes = map.next_value_seed(List(Body::new(mode)))?,
});

members!(Assignment, required [], |body, map, _mode| {
    "namespace" => body.namespace = text(map)?,
    "shardId" => body.shard_id = text(map)?,
    "ownerNodeId" => body.owner_node_id = text(map)?,
    "capacity" => body.capacity = map.next_value::<Double>()?.0,
    "localityHint" => body.locality_hint = map.next_value()?,
});

members!(Change, required [], |body, map, _mode| {
    "namespace" => body.namespace = text(map)?,
    "shardId" => body.shard_id = text(map)?,
    "currentOwner" => body.current_owner = text(map)?,
    "proposedOwner" => body.proposed_owner = text(map)?,
    "changesOwner" => body.changes_owner = map.next_value()?,
});

members!(StreamError, required [], |body, map, _mode| {
    "code" => body.code = text(map)?,
    "message" => body.message = text(map)?,
    "metadata" => {
        body.metadata = map.next_value::<Option<Texts>>()?.map(|texts| texts.0).unwrap_or_default();
    },
});
