//! The subset of BuildKit's wire messages that a frontend speaks.
//!
//! The messages are written in `protos/`, with BuildKit's names and numbers, and compiled by
//! `build.rs`. Map fields are ordered, so that equal messages are equal bytes.
//! The feature `server` adds the service's server side, for a fake gateway in tests.

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    reason = "generated: the protos say what there is to say"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

/// LLB: ops, definitions, source maps.
pub use generated::pb;

/// The gateway: the service `LLBBridge`, its requests and responses.
pub use generated::moby::buildkit::v1::frontend as gateway;

/// Caps: what the other end is able to do.
pub use generated::moby::buildkit::v1::apicaps as caps;

/// Workers and their platforms.
pub use generated::moby::buildkit::v1::types as worker;

/// Files as the engine sees them.
pub use generated::fsutil::types as stat;

/// Errors on the wire.
pub use generated::google::rpc;

/// What an error's details are wrapped in.
pub use prost_types::Any;

#[cfg(test)]
mod tests {
    use prost::Message;

    use crate::{gateway, pb, rpc};

    #[test]
    fn maps_are_written_in_the_order_of_their_keys() {
        let write = |keys: [&str; 3]| {
            let attrs = keys.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect();
            pb::SourceOp { identifier: String::new(), attrs }.encode_to_vec()
        };
        let bytes = write(["c", "a", "b"]);
        assert_eq!(bytes, write(["b", "c", "a"]));
        assert_eq!(bytes, b"\x12\x06\x0a\x01a\x12\x01x\x12\x06\x0a\x01b\x12\x01x\x12\x06\x0a\x01c\x12\x01x");
    }

    #[test]
    fn numbers_are_those_of_the_wire() {
        let mount = pb::Mount {
            dest: "/s".to_owned(),
            ssh_opt: Some(pb::SshOpt { id: "d".to_owned(), ..Default::default() }),
            ..Default::default()
        };
        // Field 3, the destination; field 22, the ssh options.
        assert_eq!(mount.encode_to_vec(), b"\x1a\x02/s\xb2\x01\x03\x0a\x01d");

        let error = rpc::Status { code: 2, message: "no".to_owned(), details: Vec::new() };
        let answer = gateway::ReturnRequest { result: None, error: Some(error) };
        assert_eq!(answer.encode_to_vec(), b"\x12\x06\x08\x02\x12\x02no");
    }

    #[test]
    fn what_we_left_out_is_skipped_when_read() {
        // Field 11 of a worker record does not exist here, and must not fail the whole message.
        let record = crate::worker::WorkerRecord::decode(&b"\x0a\x01w\x5a\x01?"[..]).unwrap();
        assert_eq!(record.id, "w");
    }
}
