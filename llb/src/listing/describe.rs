//! An op in words: its kind, a line, and a line for each of its parts.

use buildkit_proto::pb;
use buildkit_proto::pb::file_action::Action;

use super::Input;

type Words = (&'static str, String, Vec<String>);

pub(super) fn op(op: &pb::Op, inputs: &[Input]) -> Words {
    match &op.op {
        Some(pb::op::Op::Source(op)) => source(op),
        Some(pb::op::Op::Exec(op)) => exec(op, inputs),
        Some(pb::op::Op::File(op)) => file(op, inputs),
        Some(pb::op::Op::Merge(op)) => {
            let parts: Vec<_> = op.inputs.iter().map(|part| input(part.input, inputs)).collect();
            ("merge", parts.join(" + "), Vec::new())
        }
        Some(pb::op::Op::Diff(op)) => {
            let lower = op.lower.as_ref().map_or(-1, |lower| lower.input);
            let upper = op.upper.as_ref().map_or(-1, |upper| upper.input);
            ("diff", format!("{} over {}", input(upper, inputs), input(lower, inputs)), Vec::new())
        }
        None => ("unknown", String::new(), Vec::new()),
    }
}

pub(super) fn platform(platform: &pb::Platform) -> String {
    let parts = [&platform.os, &platform.architecture, &platform.variant];
    parts.map(String::as_str).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// An input's op, as the listing numbers it.
fn input(number: i64, inputs: &[Input]) -> String {
    let Ok(place) = usize::try_from(number) else { return "scratch".to_owned() };
    inputs.get(place).map_or_else(|| format!("action {}", place - inputs.len() + 1), |input| input.label())
}

fn source(op: &pb::SourceOp) -> Words {
    let (scheme, rest) = op.identifier.split_once("://").unwrap_or(("", &op.identifier));
    let (kind, summary) = match scheme {
        "docker-image" => ("image", rest),
        "local" => ("local", rest),
        "oci-layout" => ("oci-layout", rest),
        "git" => ("git", rest),
        "http" | "https" => ("http", op.identifier.as_str()),
        _ => ("unknown", op.identifier.as_str()),
    };
    let attrs = op.attrs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (kind, summary.to_owned(), attrs)
}

fn exec(op: &pb::ExecOp, inputs: &[Input]) -> Words {
    let meta = op.meta.clone().unwrap_or_default();
    let root = op.mounts.iter().find(|mount| mount.dest == "/").map_or(-1, |mount| mount.input);
    let args: Vec<_> = meta.args.iter().map(|arg| word(arg)).collect();
    let summary = format!("on {}: {}", input(root, inputs), args.join(" "));

    let mut details: Vec<_> = meta.env.iter().map(|variable| format!("env {variable}")).collect();
    details
        .extend(op.secretenv.iter().map(|secret| format!("env {} from secret {}", secret.name, secret.id)));
    let cwd = if meta.cwd == "/" { "" } else { &meta.cwd };
    for (key, value) in [("cwd", cwd), ("user", &meta.user), ("hostname", &meta.hostname)] {
        if !value.is_empty() {
            details.push(format!("{key} {value}"));
        }
    }
    match op.network() {
        pb::NetMode::Unset => {}
        pb::NetMode::Host => details.push("network host".to_owned()),
        pb::NetMode::None => details.push("network none".to_owned()),
    }
    if op.security() == pb::SecurityMode::Insecure {
        details.push("security insecure".to_owned());
    }
    details.extend(op.mounts.iter().filter(|mount| mount.dest != "/").map(|bind| mount(bind, inputs)));
    ("exec", summary, details)
}

fn mount(mount: &pb::Mount, inputs: &[Input]) -> String {
    let dest = &mount.dest;
    let mut text = match mount.mount_type() {
        pb::MountType::Bind => format!("bind {dest} from {}", input(mount.input, inputs)),
        pb::MountType::Cache => {
            let cache = mount.cache_opt.clone().unwrap_or_default();
            let sharing = cache.sharing().as_str_name().to_lowercase();
            format!("cache {dest} id {} {sharing}", cache.id)
        }
        pb::MountType::Tmpfs => format!("tmpfs {dest}"),
        pb::MountType::Secret => {
            format!("secret {dest} id {}", mount.secret_opt.as_ref().map_or("", |secret| &secret.id))
        }
        pb::MountType::Ssh => format!("ssh {dest} id {}", mount.ssh_opt.as_ref().map_or("", |ssh| &ssh.id)),
    };
    if !mount.selector.is_empty() {
        text = format!("{text}, selector {}", mount.selector);
    }
    if mount.readonly {
        text.push_str(", read-only");
    }
    if mount.mount_type() == pb::MountType::Bind && mount.output >= 0 {
        text = format!("{text}, output {}", mount.output);
    }
    text
}

fn file(op: &pb::FileOp, inputs: &[Input]) -> Words {
    let base = op.actions.first().map_or(-1, |action| action.input);
    let actions: Vec<_> = op.actions.iter().map(|one| action(one, inputs)).collect();
    let base = input(base, inputs);
    match &actions[..] {
        [only] => ("file", format!("on {base}: {only}"), Vec::new()),
        _ => ("file", format!("on {base}: {} actions", actions.len()), actions),
    }
}

fn action(action: &pb::FileAction, inputs: &[Input]) -> String {
    match &action.action {
        Some(Action::Copy(copy)) => {
            let mut text =
                format!("copy {}:{} to {}", input(action.secondary_input, inputs), copy.src, copy.dest);
            for (label, patterns) in
                [("include", &copy.include_patterns), ("exclude", &copy.exclude_patterns)]
            {
                if !patterns.is_empty() {
                    text = format!("{text}, {label} {}", patterns.join(" "));
                }
            }
            if !copy.mode_str.is_empty() {
                text = format!("{text}, mode {}", copy.mode_str);
            } else if copy.mode >= 0 {
                text = format!("{text}, mode {:04o}", copy.mode);
            }
            text + &owner(copy.owner.as_ref())
        }
        Some(Action::Mkdir(mkdir)) => {
            format!("mkdir {}, mode {:04o}{}", mkdir.path, mkdir.mode, owner(mkdir.owner.as_ref()))
        }
        Some(Action::Mkfile(mkfile)) => {
            let (bytes, owner) = (mkfile.data.len(), owner(mkfile.owner.as_ref()));
            format!("mkfile {} of {bytes} B, mode {:04o}{owner}", mkfile.path, mkfile.mode)
        }
        Some(Action::Rm(rm)) => format!("rm {}", rm.path),
        Some(Action::Symlink(link)) => format!("symlink {} to {}", link.newpath, link.oldpath),
        None => "unknown action".to_owned(),
    }
}

fn owner(owner: Option<&pb::ChownOpt>) -> String {
    let Some(owner) = owner else { return String::new() };
    let user = |user: &Option<pb::UserOpt>| match user.as_ref().and_then(|user| user.user.clone()) {
        Some(pb::user_opt::User::ById(id)) => id.to_string(),
        Some(pb::user_opt::User::ByName(named)) => named.name,
        None => String::new(),
    };
    format!(", owner {}:{}", user(&owner.user), user(&owner.group))
}

/// An argument as one would type it, so that its ends can be seen.
fn word(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''").replace('\n', "\\n"))
    }
}
