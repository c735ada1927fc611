//! What the step that asks a base for its Python writes.

use serde_json::{Value, json};

/// `CPython` 3.13 on Debian.
pub(crate) fn interpreter() -> Value {
    let lib = "/usr/local/lib/python3.13/site-packages";
    json!({"interpreter": {
        "implementation": {"name": "cpython", "version": "3.13.1"},
        "version": [3, 13], "full_version": "3.13.1", "abi_flags": "",
        "ext_suffix": ".cpython-313-x86_64-linux-gnu.so", "debug": false, "free_threaded": false,
        "platform": "linux-x86_64", "pointer_width": 64, "manylinux": true,
        "libc": {"name": "glibc", "major": 2, "minor": 41},
        "scheme": {
            "purelib": lib, "platlib": lib, "scripts": "/usr/local/bin", "data": "/usr/local",
            "headers": "/usr/local/include/python3.13", "executable": "/usr/local/bin/python3",
            "python": "3.13",
        },
        "virtual_environment": false, "externally_managed": false,
        "markers": {
            "implementation_name": "cpython", "implementation_version": "3.13.1", "os_name": "posix",
            "platform_machine": "x86_64", "platform_python_implementation": "CPython",
            "platform_release": "", "platform_system": "Linux", "platform_version": "",
            "python_full_version": "3.13.1", "python_version": "3.13", "sys_platform": "linux",
        },
    }})
}
