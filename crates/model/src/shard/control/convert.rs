//! Between the shapes and the messages.

mod simulate;

use super::filter::Filter;
use super::offset_time::OffsetTime;
use super::shapes::{Diff, DiffEntry, History, ShardList, Summary};
use super::status_number::StatusNumber;
use super::wire::{
    ShardDiffNotification, ShardDiffRequest, ShardDiffResponse, ShardHistory, ShardListRequest,
    ShardListResponse, ShardRecord, ShardWatchRequest, Timestamp,
};
use crate::shard::ShardStatus;

/// A message that has no shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A status isn't given, or isn't known: `0` or the number that it has.
    #[error("{0} is the number of no status; those are 1 to 4")]
    Status(i32),
    /// A number is infinite or none.
    #[error("`{0}` isn't finite")]
    NotFinite(&'static str),
    /// A time is outside the years 0001 to 9999, or has nanoseconds that don't fit a second.
    #[error("`{0}` is no time")]
    Time(&'static str),
    /// A field is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

/// How much is sent of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryDetail {
    /// Fields 1 to 4, as the reference does: actor, reason, ticket and former owner.
    Brief,
    /// All fields.
    Whole,
}

impl HistoryDetail {
    /// As a request asks for it.
    #[must_use]
    pub fn of(whole_history: bool) -> HistoryDetail {
        match whole_history {
            true => HistoryDetail::Whole,
            false => HistoryDetail::Brief,
        }
    }
}

/// Ticks of 100 ns in a second.
const TICKS: i64 = 10_000_000;
/// Nanoseconds in such a tick.
const TICK_NANOS: i64 = 100;

impl From<OffsetTime> for Timestamp {
    fn from(time: OffsetTime) -> Self {
        let ticks = time.at().ticks();
        let nanos = ticks.rem_euclid(TICKS) * TICK_NANOS;
        Timestamp {
            seconds: ticks.div_euclid(TICKS),
            // Less than a second's.
            nanos: i32::try_from(nanos).unwrap_or_default(),
        }
    }
}

fn time(sent: Option<Timestamp>, field: &'static str) -> Result<OffsetTime, WireError> {
    let sent = sent.ok_or(WireError::Missing(field))?;
    let part = i64::from(sent.nanos) / TICK_NANOS;
    let whole = sent.seconds.checked_mul(TICKS);
    let ticks = whole.and_then(|whole| whole.checked_add(part));
    let in_second = (0..TICKS).contains(&part) && sent.nanos >= 0;
    let ticks = ticks.filter(|_| in_second).ok_or(WireError::Time(field))?;
    let at = crate::Timestamp::from_ticks(ticks).map_err(|_| WireError::Time(field))?;
    let first = OffsetTime::default().at();
    (at >= first)
        .then(|| at.into())
        .ok_or(WireError::Time(field))
}

fn finite(number: f64, field: &'static str) -> Result<f64, WireError> {
    number
        .is_finite()
        .then_some(number)
        .ok_or(WireError::NotFinite(field))
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn each<T, U: TryFrom<T, Error = WireError>>(list: Vec<T>) -> Result<Vec<U>, WireError> {
    list.into_iter().map(U::try_from).collect()
}

fn status(number: i32) -> Result<ShardStatus, WireError> {
    let ours = i64::from(number) - 1;
    ShardStatus::of_number(ours).ok_or(WireError::Status(number))
}

/// The filter of a request's first four fields.
fn filter(
    namespace: &str,
    owner: &str,
    statuses: &[i32],
    search: &str,
) -> Result<Filter, WireError> {
    let statuses = statuses
        .iter()
        .copied()
        .map(status)
        .collect::<Result<_, _>>()?;
    Ok(Filter::new()
        .of_namespace(Some(namespace))
        .of_owner(Some(owner))
        .searching(Some(search))
        .with_statuses(statuses))
}

/// The filter of each request that has one.
macro_rules! filters {
    ($($request:ty),*) => {
        $(impl $request {
            /// Which shards are asked for.
            ///
            /// # Errors
            /// [`WireError::Status`] when a status isn't one.
            pub fn filter(&self) -> Result<Filter, WireError> {
                filter(&self.namespace, &self.owner_node_id, &self.statuses, &self.search)
            }
        })*
    };
}

filters!(ShardListRequest, ShardWatchRequest, ShardDiffRequest);

impl From<Summary> for ShardRecord {
    fn from(summary: Summary) -> Self {
        ShardRecord {
            namespace: summary.namespace,
            shard_id: summary.shard_id,
            strategy_id: summary.strategy_id,
            owner_node_id: summary.owner_node_id,
            leader_id: summary.leader_id.unwrap_or_default(),
            capacity_hint: summary.capacity_hint,
            status: summary.status.number().saturating_add(1),
            version: summary.version,
            checksum: summary.checksum,
            updated_at: Some(summary.updated_at.into()),
            change_ticket: summary.change_ticket.unwrap_or_default(),
        }
    }
}

impl TryFrom<ShardRecord> for Summary {
    type Error = WireError;

    fn try_from(record: ShardRecord) -> Result<Self, WireError> {
        Ok(Summary {
            namespace: record.namespace,
            shard_id: record.shard_id,
            strategy_id: record.strategy_id,
            owner_node_id: record.owner_node_id,
            leader_id: given(record.leader_id),
            capacity_hint: finite(record.capacity_hint, "capacity_hint")?,
            status: StatusNumber::from(status(record.status)?),
            version: record.version,
            checksum: record.checksum,
            updated_at: time(record.updated_at, "updated_at")?,
            change_ticket: given(record.change_ticket),
        })
    }
}

impl ShardHistory {
    /// The message of a history.
    #[must_use]
    pub fn of(history: History, detail: HistoryDetail) -> ShardHistory {
        let brief = ShardHistory {
            actor: history.actor,
            reason: history.reason,
            change_ticket: history.change_ticket.unwrap_or_default(),
            previous_owner_node_id: history.previous_owner_node_id.unwrap_or_default(),
            ..ShardHistory::default()
        };
        match detail {
            HistoryDetail::Brief => brief,
            HistoryDetail::Whole => ShardHistory {
                version: Some(history.version),
                strategy_id: Some(history.strategy_id),
                created_at: Some(history.created_at.into()),
                owner_node_id: Some(history.owner_node_id),
                ownership_delta_percent: history.ownership_delta_percent,
                metadata: history.metadata,
                ..brief
            },
        }
    }

    /// The history of the change that made `current`; what wasn't sent is as it is there.
    fn into_history(self, current: &Summary) -> Result<History, WireError> {
        let created_at = match self.created_at {
            Some(_) => time(self.created_at, "created_at")?,
            None => current.updated_at,
        };
        let delta = self.ownership_delta_percent;
        let delta = delta.map(|delta| finite(delta, "ownership_delta_percent"));
        Ok(History {
            namespace: current.namespace.clone(),
            shard_id: current.shard_id.clone(),
            version: self.version.unwrap_or(current.version),
            strategy_id: self
                .strategy_id
                .unwrap_or_else(|| current.strategy_id.clone()),
            actor: self.actor,
            reason: self.reason,
            change_ticket: given(self.change_ticket),
            created_at,
            owner_node_id: self
                .owner_node_id
                .unwrap_or_else(|| current.owner_node_id.clone()),
            previous_owner_node_id: given(self.previous_owner_node_id),
            ownership_delta_percent: delta.transpose()?,
            metadata: self.metadata,
        })
    }
}

impl ShardDiffNotification {
    /// The message of a change.
    #[must_use]
    pub fn of(entry: DiffEntry, detail: HistoryDetail) -> ShardDiffNotification {
        let history = entry.history;
        ShardDiffNotification {
            position: entry.position,
            current: Some(entry.current.into()),
            previous: entry.previous.map(Into::into),
            history: history.map(|history| ShardHistory::of(history, detail)),
            removed: entry.removed,
        }
    }
}

impl TryFrom<ShardDiffNotification> for DiffEntry {
    type Error = WireError;

    fn try_from(sent: ShardDiffNotification) -> Result<Self, WireError> {
        let current = sent.current.ok_or(WireError::Missing("current"))?;
        let current = Summary::try_from(current)?;
        let history = sent.history.map(|history| history.into_history(&current));
        Ok(DiffEntry {
            position: sent.position,
            previous: sent.previous.map(Summary::try_from).transpose()?,
            history: history.transpose()?,
            removed: sent.removed,
            current,
        })
    }
}

impl From<ShardList> for ShardListResponse {
    fn from(list: ShardList) -> Self {
        ShardListResponse {
            shards: list.items.into_iter().map(Into::into).collect(),
            next_cursor: list.next_cursor.unwrap_or_default(),
            version: list.version,
        }
    }
}

impl TryFrom<ShardListResponse> for ShardList {
    type Error = WireError;

    fn try_from(sent: ShardListResponse) -> Result<Self, WireError> {
        Ok(ShardList {
            items: each(sent.shards)?,
            next_cursor: given(sent.next_cursor),
            version: sent.version,
        })
    }
}

impl ShardDiffResponse {
    /// The message of a diff.
    #[must_use]
    pub fn of(diff: Diff, detail: HistoryDetail) -> ShardDiffResponse {
        let entries = diff.items.into_iter();
        ShardDiffResponse {
            diffs: entries
                .map(|entry| ShardDiffNotification::of(entry, detail))
                .collect(),
            last_position: diff.last_position.unwrap_or_default(),
        }
    }
}

impl TryFrom<ShardDiffResponse> for Diff {
    type Error = WireError;

    fn try_from(sent: ShardDiffResponse) -> Result<Self, WireError> {
        Ok(Diff {
            items: each(sent.diffs)?,
            last_position: (sent.last_position != 0).then_some(sent.last_position),
        })
    }
}
