//! Options that hold several values.

use crate::shard::ShardStatus;
use crate::shard::control::parameters::{finite, status, unpadded};
use crate::shard::control::shapes::SimulateNode;

/// An option that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No status has that name or number.
    #[error("`{0}` is no status; those are Active, Draining, Paused and Disabled, or 0 to 3")]
    Status(String),
    /// No node is given at all.
    #[error("no node is given; give each as id[:weight[:region[:zone]]]")]
    NoNode,
    /// A node without an id.
    #[error("`{0}` has no node id; a node is id[:weight[:region[:zone]]]")]
    NodeId(String),
    /// A weight that is no finite number.
    #[error("`{weight}` is no weight for node `{node_id}`")]
    Weight {
        /// The node.
        node_id: String,
        /// What stands for its weight.
        weight: String,
    },
    /// A page with no shards on it.
    #[error("a page has at least one shard")]
    PageSize,
    /// A position below 0.
    #[error("a version is 0 or more")]
    Version,
    /// A range that ends before it begins.
    #[error("the first version comes after the last")]
    Range,
}

/// The statuses of `--status`: any number of them, between commas, by name in any case or number.
///
/// # Errors
/// [`OptionError::Status`] with the one that isn't a status.
pub fn statuses<'a>(
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<ShardStatus>, OptionError> {
    let items = values.into_iter().flat_map(|value| value.split(','));
    let given = items.map(str::trim).filter(|item| !item.is_empty());
    let known = |item: &str| status(item).ok_or_else(|| OptionError::Status(item.to_owned()));
    given.map(known).collect()
}

/// The nodes of `--node`: any number of them, between commas, each `id[:weight[:region[:zone]]]`.
/// A zone may have colons. An id with commas or colons stands in quotes, with `""` for a quote.
///
/// # Errors
/// [`OptionError`] when there is none, or with the one that is no node.
pub fn nodes<'a>(
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<SimulateNode>, OptionError> {
    let mut nodes = Vec::new();
    for value in values {
        let mut rest = Some(value);
        while let Some(items) = rest {
            let (quoted_id, item, others) = next_item(items);
            rest = others;
            if quoted_id.is_some() || !item.is_empty() {
                nodes.push(node(quoted_id, item)?);
            }
        }
    }
    if nodes.is_empty() {
        return Err(OptionError::NoNode);
    }
    Ok(nodes)
}

/// The first of the items: the id in quotes if it has one, the rest of it trimmed; and the items
/// after its comma.
fn next_item(items: &str) -> (Option<String>, &str, Option<&str>) {
    let quoted = quoted(items.trim_start());
    let (id, rest) = match quoted {
        Some((id, rest)) => (Some(id), rest),
        None => (None, items),
    };
    match rest.split_once(',') {
        Some((item, others)) => (id, item.trim(), Some(others)),
        None => (id, rest.trim(), None),
    }
}

/// A text in quotes at the beginning, and what comes after it: the end, a comma or a colon. Other
/// texts that begin with a quote mean themselves.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut id = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        id.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                id.push('"');
                rest = more;
            }
            None => {
                let ends = after.trim_start();
                let whole = ends.is_empty() || ends.starts_with([',', ':']);
                return whole.then_some((id, ends));
            }
        }
    }
}

fn node(quoted_id: Option<String>, item: &str) -> Result<SimulateNode, OptionError> {
    let (id, fields) = item.split_once(':').unwrap_or((item, ""));
    let node_id = quoted_id.unwrap_or_else(|| id.to_owned());
    if node_id.trim().is_empty() {
        return Err(OptionError::NodeId(item.to_owned()));
    }
    let mut fields = fields
        .splitn(3, ':')
        .map(|field| (!field.is_empty()).then_some(field));
    let [weight, region, zone] = [(); 3].map(|()| fields.next().flatten());
    let weight = weight.map(|weight| {
        finite(unpadded(weight)).ok_or_else(|| OptionError::Weight {
            node_id: node_id.clone(),
            weight: weight.to_owned(),
        })
    });
    Ok(SimulateNode {
        weight: weight.transpose()?,
        region: region.map(ToOwned::to_owned),
        zone: zone.map(ToOwned::to_owned),
        node_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = (String, Option<f64>, Option<String>);

    fn ids(value: &str) -> Result<Vec<Shown>, OptionError> {
        let all = nodes([value])?.into_iter();
        Ok(all
            .map(|node| (node.node_id, node.weight, node.zone))
            .collect())
    }

    #[test]
    fn an_id_in_quotes_may_have_anything() {
        let plain = |id: &str| (id.to_owned(), None, None);
        assert_eq!(
            ids(r#"a, "10.0.0.7:80,b":2::z:1 ,"say ""x""" "#),
            Ok(vec![
                plain("a"),
                (
                    "10.0.0.7:80,b".to_owned(),
                    Some(2.0),
                    Some("z:1".to_owned())
                ),
                plain(r#"say "x""#),
            ])
        );
        assert_eq!(
            ids(r#""a"b,"c"#),
            Ok(vec![plain(r#""a"b"#), plain(r#""c"#)])
        );
        assert_eq!(ids(r#""":1"#), Err(OptionError::NodeId(":1".to_owned())));
    }

    #[test]
    fn a_weight_is_finite() {
        for bad in ["NaN", "inf", "Infinity", "1e999", " ", "1 2", "\u{a0}1"] {
            assert!(nodes([&*format!("a:{bad}:r")]).is_err(), "{bad}");
        }
        let weight = |value| nodes([value]).unwrap()[0].weight;
        assert_eq!(weight("a:\t+1.5E+1 :r"), Some(15.0));
        assert_eq!(weight("a::r"), None);
    }
}
