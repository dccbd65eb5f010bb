//! What Deedbook looks like over HTTP and gRPC: one table of routes, from which the server dispatches,
//! the OpenAPI document is made and tests are walked; and a client that speaks it. No async.
//!
//! | module | says |
//! |---|---|
//! | [`routes`] | every route: who may call it, what it takes, what it answers |
//! | [`route`] | what a row of that table consists of |
//! | [`parameters`] | the parameters that routes share |
//! | [`matcher`] | which route a path means |
//! | [`query`] | reading a query by a route's parameters |
//! | [`problem`] | how a refusal looks, and the status of each code |
//! | [`shapes`] | what is answered beside records |
//! | [`schemas`], [`openapi`] | the same for machines |
//! | [`grpc`] | the messages and services of gRPC, and how a refusal looks there |
//! | [`samples`] | the documents that the examples speak of |
//! | [`client`] | a small blocking client |
//!
//! ```
//! use deedbook_api::matcher::{Match, Matcher};
//! use deedbook_api::route::{Method, RouteId};
//!
//! let matcher = Matcher::new();
//! let Match::Found { route, key } = matcher.find(Method::Get, "/v1/components/geo_index/versions")
//! else { panic!() };
//! assert_eq!((route.id, key), (RouteId::ListVersions, Some("geo_index")));
//! ```

mod json_text;

pub mod client;
pub mod grpc;
pub mod matcher;
pub mod openapi;
pub mod parameters;
pub mod problem;
pub mod query;
pub mod route;
pub mod routes;
pub mod samples;
pub mod schemas;
pub mod shapes;
