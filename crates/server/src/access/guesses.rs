//! Slows whoever guesses tokens. 256 random bits aren't guessed anyhow; but nobody is to try at full
//! speed, and whoever sends a wrong token in a loop is to hear of it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::instant::now;

/// Wrong tokens that an address may send at once.
const BURST: f64 = 60.0;

/// Wrong tokens that it may send a second after that.
const RATE: f64 = 1.0;

/// Addresses that are told apart; the rest share one account.
const ADDRESSES: usize = 16_384;

/// How many wrong tokens each address may still send.
#[derive(Default)]
pub(crate) struct Guesses {
    accounts: Mutex<HashMap<IpAddr, Account>>,
}

#[derive(Clone, Copy)]
struct Account {
    left: f64,
    at: Instant,
}

impl Account {
    fn at(self, now: Instant) -> Account {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * RATE;
        Account {
            left: (self.left + earned).min(BURST),
            at: now,
        }
    }
}

impl Guesses {
    /// Counts a wrong token.
    ///
    /// # Errors
    /// After too many: for how many seconds no more are looked at.
    pub(crate) fn count(&self, from: IpAddr) -> Result<(), u32> {
        self.count_at(from, now())
    }

    fn count_at(&self, from: IpAddr, now: Instant) -> Result<(), u32> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= ADDRESSES {
            accounts.retain(|_, account| account.at(now).left < BURST);
        }
        let mut key = network(from);
        if accounts.len() >= ADDRESSES && !accounts.contains_key(&key) {
            key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        }
        let full = Account {
            left: BURST,
            at: now,
        };
        let account = accounts.entry(key).or_insert(full);
        *account = account.at(now);
        if account.left < 1.0 {
            return Err(1);
        }
        account.left -= 1.0;
        Ok(())
    }
}

/// An address of IPv6 is chosen freely within its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sixty_at_once_then_one_a_second() {
        let (guesses, start) = (Guesses::default(), now());
        let from: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..60 {
            assert_eq!(guesses.count_at(from, start), Ok(()));
        }
        assert_eq!(guesses.count_at(from, start), Err(1));
        assert_eq!(
            guesses.count_at("192.0.2.2".parse().unwrap(), start),
            Ok(())
        );
        let later = start + Duration::from_millis(1500);
        assert_eq!(guesses.count_at(from, later), Ok(()));
        assert_eq!(guesses.count_at(from, later), Err(1));
    }

    #[test]
    fn a_network_of_ipv6_has_one_account() {
        let (guesses, start) = (Guesses::default(), now());
        for number in 0..60 {
            let from = format!("2001:db8:1:2::{number}").parse().unwrap();
            assert_eq!(guesses.count_at(from, start), Ok(()));
        }
        let from = "2001:db8:1:2:ffff::1".parse().unwrap();
        assert_eq!(guesses.count_at(from, start), Err(1));
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(guesses.count_at(mapped, start), Ok(()));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let (guesses, start) = (Guesses::default(), now());
        for number in 0..40_000_u32 {
            let _ = guesses.count_at(IpAddr::from(number.to_be_bytes()), start);
        }
        assert!(guesses.accounts.lock().unwrap().len() <= ADDRESSES + 1);
    }
}
