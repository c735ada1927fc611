//! Our definitions, in the words of the buildkit-llb of 2020.
//!
//! The published crate cannot write some of what BuildKit's own client writes today, so no digest
//! of ours is also one of its. What it lacks is taken out of our ops here, and nothing else; the
//! inputs are linked anew to the digests that this gives. Then the bytes must be the same.

use std::collections::BTreeMap;

use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

/// The ops of a definition of ours by their digests, without what the published crate cannot say:
///
/// - worker constraints, which BuildKit's client writes though they are empty;
/// - that stubs of mounts are removed, a field that came later;
/// - modes of new files and directories, which it always writes as -1.
pub fn in_words_of_2020(definition: &pb::Definition) -> BTreeMap<String, Vec<u8>> {
    let mut digests = BTreeMap::new();
    let mut ops = BTreeMap::new();
    for bytes in &definition.def {
        let mut op = pb::Op::decode(&bytes[..]).expect("our own op is readable");
        op.constraints = None;
        for input in &mut op.inputs {
            let digest: &String = &digests[&input.digest];
            input.digest.clone_from(digest);
        }
        match &mut op.op {
            Some(pb::op::Op::Exec(exec)) => {
                let meta = exec.meta.as_mut().expect("our execs say what to run");
                meta.remove_mount_stubs_recursive = false;
            }
            Some(pb::op::Op::File(file)) => {
                for action in &mut file.actions {
                    match &mut action.action {
                        Some(Action::Mkdir(mkdir)) => mkdir.mode = -1,
                        Some(Action::Mkfile(mkfile)) => mkfile.mode = -1,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        let translated = op.encode_to_vec();
        digests.insert(sha256(bytes), sha256(&translated));
        ops.insert(sha256(&translated), translated);
    }
    ops
}

/// A digest as the wire writes it.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}
