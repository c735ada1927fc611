//! `--call=llb`: the graph of a target, for reading.

use buildkit_llb::listing::Listing;
use buildkit_proto::pb;

use super::Answer;
use crate::failure::Failure;

/// Text for people, JSON for programs.
pub fn llb(definition: &pb::Definition) -> Result<Answer, Failure> {
    let listing = read(definition)?;
    Ok(Answer { json: listing.json(), text: listing.text(), status: 0 })
}

/// The graph in graphviz's language.
pub fn dot(definition: &pb::Definition) -> Result<Answer, Failure> {
    let listing = read(definition)?;
    Ok(Answer { json: listing.json(), text: listing.dot(), status: 0 })
}

fn read(definition: &pb::Definition) -> Result<Listing, Failure> {
    Listing::of(definition).map_err(|error| Failure::Request(format!("internal error: {error}")))
}
