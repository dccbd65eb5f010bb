//! Clients in a closed loop: each asks, waits, checks, and asks again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::documents::{Numbering, TEAMS, mix, team, words};
use crate::histogram::Histogram;
use crate::report::{Row, Sample};
use crate::shards::{ShardNumber, node};
use crate::target::{Ask, Fault, Link, Seen, Target};
use crate::{BATCH, BenchError, Plan, Work};

/// How many components or shards one client changes in turn.
const OWN: u64 = 16;

/// Clients that register what has to be there.
const FILLERS: u64 = 64;

/// What one client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Register,
    Update,
    Get,
    Search,
    ShardGet,
    Transfer,
    TransferMany,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Role::Register => "register",
            Role::Update => "update",
            Role::Get => "get",
            Role::Search => "search",
            Role::ShardGet => "shard-get",
            Role::Transfer => "transfer",
            Role::TransferMany => "transfer-many",
        }
    }

    /// How many records one client changes in turn.
    fn own(self) -> u64 {
        match self {
            Role::TransferMany => BATCH as u64,
            _ => OWN,
        }
    }
}

/// What asks for a thing that has to be there, and what makes it.
type Standing = fn(&Plan, u64) -> (Ask, Ask);

/// A component of that number.
pub(crate) fn component(plan: &Plan, number: u64) -> (Ask, Ask) {
    let uuid = Numbering::STANDING.uuid(number);
    let document = Numbering::STANDING.document(number, plan.size);
    (Ask::Get(uuid), Ask::Register(uuid, document))
}

/// A shard of that number.
pub(crate) fn shard(_: &Plan, number: u64) -> (Ask, Ask) {
    let shard = ShardNumber(number);
    (Ask::ShardGet(shard), Ask::ShardPut(shard))
}

/// Makes as many as planned of what isn't there yet.
pub(crate) async fn fill(
    plan: &Plan,
    target: &Target,
    standing: Standing,
) -> Result<(), BenchError> {
    let mut clients = JoinSet::new();
    for id in 0..FILLERS {
        let (target, plan) = (target.clone(), plan.clone());
        clients.spawn(async move {
            let mut link = target.connect().await?;
            for number in (id..plan.components as u64).step_by(FILLERS as usize) {
                let (get, make) = standing(&plan, number);
                if link.ask(&get).await.is_ok() {
                    continue;
                }
                let made = link.ask(&make).await;
                made.map_err(|fault| BenchError::Fill(fault.to_string()))?;
            }
            Ok(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.map_err(|error| BenchError::Fill(error.to_string()))??;
    }
    Ok(())
}

/// Measures clients of these roles side by side, as often as planned: a row for each role.
pub(crate) async fn measure(
    plan: &Plan,
    target: &Target,
    work: Work,
    roles: &[(Role, usize)],
) -> Result<Vec<Row>, BenchError> {
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); roles.len()];
    for repeat in 0..plan.repeats.max(1) {
        let run = run(plan, target, roles, repeat).await?;
        for (samples, tally) in samples.iter_mut().zip(run) {
            samples.push(tally.sample(plan.time));
        }
    }
    let is_alone = roles.len() == 1;
    let rows = roles.iter().zip(samples).map(|((role, count), samples)| {
        let name = if is_alone {
            work.as_str().to_owned()
        } else {
            format!("{}: {}", work.as_str(), role.as_str())
        };
        Row::of(name, *count, samples)
    });
    Ok(rows.collect())
}

async fn run(
    plan: &Plan,
    target: &Target,
    roles: &[(Role, usize)],
    repeat: usize,
) -> Result<Vec<Tally>, BenchError> {
    let mut links = Vec::new();
    for (place, (role, count)) in roles.iter().enumerate() {
        let mut left = *count;
        while left > 0 {
            let shared = target
                .connect()
                .await?
                .shared(left.min(plan.in_flight.max(1)))?;
            left -= shared.len();
            links.extend(shared.into_iter().map(|link| (place, *role, link)));
        }
    }
    let all = links.len();
    let mut clients = Vec::new();
    let fresh = Numbering(mix(unix_nanos() ^ repeat as u64) >> 16);
    for (id, (place, role, link)) in links.into_iter().enumerate() {
        clients.push((place, Client::new(plan, id, all, role, link, fresh)));
    }
    for (_, client) in &mut clients {
        client.get_ready().await?;
    }
    let window = Window::after(plan.warm_up, plan.time);
    let target = Arc::new(target.clone());
    let mut running = JoinSet::new();
    for (place, client) in clients {
        let target = Arc::clone(&target);
        running.spawn(async move { (place, client.run(window, &target).await) });
    }
    let mut tallies = vec![Tally::default(); roles.len()];
    while let Some(ended) = running.join_next().await {
        let (place, tally) = ended.map_err(|error| BenchError::Fill(error.to_string()))?;
        if let Some(sum) = tallies.get_mut(place) {
            sum.add(&tally);
        }
    }
    Ok(tallies)
}

/// Counted is what begins in it and ends in it.
#[derive(Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

impl Window {
    fn after(warm_up: Duration, time: Duration) -> Window {
        let begin = Instant::now() + warm_up;
        Window {
            begin,
            end: begin + time,
        }
    }
}

/// What came of one client's requests.
#[derive(Clone, Debug, Default)]
struct Tally {
    latencies: Histogram,
    errors: u64,
    first_error: Option<String>,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.latencies.add(&other.latencies);
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
    }

    fn sample(self, time: Duration) -> Sample {
        Sample::of(&self.latencies, time, self.errors, self.first_error)
    }
}

struct Client {
    role: Role,
    link: Link,
    fresh: Numbering,
    size: usize,
    components: u64,
    /// Components or shards that this one alone changes, and how it left them.
    own: Vec<(u64, Seen)>,
    /// Its next request's number; clients' numbers are disjoint.
    next: u64,
    step: u64,
    /// Time from one request to the next, where a rate is asked for.
    pace: Option<Duration>,
}

impl Client {
    fn new(plan: &Plan, id: usize, all: usize, role: Role, link: Link, fresh: Numbering) -> Client {
        let (id, all) = (id as u64, all as u64);
        let components = plan.components.max(1) as u64;
        let share = (components / all).clamp(1, role.own());
        Client {
            role,
            link,
            fresh,
            size: plan.size,
            components,
            own: (0..share)
                .map(|place| ((id * share + place) % components, Seen::default()))
                .collect(),
            next: id,
            step: all,
            pace: plan.rate.map(|rate| Duration::from_secs(all) / rate.max(1)),
        }
    }

    /// Learns how the components are that it will change.
    async fn get_ready(&mut self) -> Result<(), BenchError> {
        for (number, seen) in &mut self.own {
            let ask = match self.role {
                Role::Update => Ask::Get(Numbering::STANDING.uuid(*number)),
                Role::Transfer | Role::TransferMany => Ask::ShardGet(ShardNumber(*number)),
                _ => return Ok(()),
            };
            let answer = self.link.ask(&ask).await;
            *seen = answer.map_err(|fault| BenchError::Fill(fault.to_string()))?;
        }
        Ok(())
    }

    async fn run(mut self, window: Window, target: &Target) -> Tally {
        let mut tally = Tally::default();
        // Paced clients don't all ask at the same moment.
        let stagger = |pace: Duration| pace.mul_f64(self.next as f64 / self.step as f64);
        let mut due = self.pace.map(|pace| now() + stagger(pace));
        loop {
            if let (Some(due), Some(pace)) = (&mut due, self.pace) {
                sleep_until(*due).await;
                *due += pace;
            }
            let ask = self.next_ask();
            let begin = now();
            if begin >= window.end {
                return tally;
            }
            let answer = self.link.ask(&ask).await;
            let end = now();
            let counts = begin >= window.begin && end <= window.end;
            match answer {
                Ok(seen) => {
                    self.note(seen);
                    if counts {
                        tally.latencies.record(end - begin);
                    }
                }
                Err(fault) => {
                    tally.errors += u64::from(counts);
                    let told = fault.to_string();
                    tally.first_error.get_or_insert(told);
                    if let Fault::Link(_) = fault {
                        match target.connect().await {
                            Ok(link) => self.link = link,
                            Err(_) => return tally,
                        }
                    }
                }
            }
        }
    }

    fn next_ask(&mut self) -> Ask {
        let number = self.next;
        self.next += self.step;
        let random = mix(number);
        match self.role {
            Role::Register => {
                let document = self.fresh.document(number, self.size);
                Ask::Register(self.fresh.uuid(number), document)
            }
            Role::Update => {
                self.own.rotate_left(1);
                let (own, seen) = self.own.first().copied().unwrap_or_default();
                let words = words(random, self.size.saturating_sub(350));
                let description = format!("{number} {words}");
                Ask::Update(Numbering::STANDING.uuid(own), seen, description)
            }
            Role::Get => Ask::Get(Numbering::STANDING.uuid(random % self.components)),
            Role::Search => Ask::Search(team(random % TEAMS.min(self.components))),
            Role::ShardGet => Ask::ShardGet(ShardNumber(random % self.components)),
            Role::Transfer => {
                self.own.rotate_left(1);
                let (own, seen) = self.own.first().copied().unwrap_or_default();
                Ask::Transfer(ShardNumber(own), seen, node(random))
            }
            Role::TransferMany => {
                let own = self
                    .own
                    .iter()
                    .map(|(own, seen)| (ShardNumber(*own), *seen));
                Ask::TransferMany(own.collect(), node(random))
            }
        }
    }

    /// Notes how the component that was just changed was left.
    fn note(&mut self, left: Seen) {
        match self.role {
            Role::Update | Role::Transfer => {
                if let Some((_, seen)) = self.own.first_mut() {
                    *seen = left;
                }
            }
            Role::TransferMany => self.own.iter_mut().for_each(|(_, seen)| seen.0 += 1),
            Role::Register | Role::Get | Role::Search | Role::ShardGet => {}
        }
    }
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// So that each measurement's new components are new.
#[expect(
    clippy::disallowed_methods,
    reason = "a measuring program reads the clock"
)]
pub(crate) fn unix_nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
