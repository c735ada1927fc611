//! A shop of 22 services with 60 packages in five requirement files.

use std::fmt::Write as _;

use crate::locked::{Package, lock, requirements};

const KB: u64 = 1_000;
const MB: u64 = 1_000_000;

const PACKAGES: &[Package] = &[
    ("accelerate", "1.2.1", 340 * KB, &["torch", "safetensors"]),
    ("aiohttp", "3.11.11", 1_700 * KB, &["attrs", "yarl", "frozenlist"]),
    ("alembic", "1.14.0", 230 * KB, &["sqlalchemy", "mako"]),
    ("anyio", "4.8.0", 96 * KB, &["idna", "sniffio"]),
    ("attrs", "24.3.0", 63 * KB, &[]),
    ("bcrypt", "4.2.1", 280 * KB, &[]),
    ("boto3", "1.35.99", 139 * KB, &["botocore"]),
    ("botocore", "1.35.99", 13_300 * KB, &["urllib3"]),
    ("certifi", "2024.12.14", 164 * KB, &[]),
    ("click", "8.1.8", 98 * KB, &[]),
    ("cryptography", "44.0.0", 4_200 * KB, &[]),
    ("fastapi", "0.115.6", 94 * KB, &["starlette", "pydantic"]),
    ("filelock", "3.16.1", 16 * KB, &[]),
    ("frozenlist", "1.5.0", 240 * KB, &[]),
    ("fsspec", "2024.12.0", 183 * KB, &[]),
    ("greenlet", "3.1.1", 610 * KB, &[]),
    ("gunicorn", "23.0.0", 85 * KB, &[]),
    ("h11", "0.14.0", 58 * KB, &[]),
    ("httpx", "0.28.1", 73 * KB, &["anyio", "h11", "certifi"]),
    ("huggingface-hub", "0.27.1", 450 * KB, &["filelock", "fsspec", "requests", "tqdm"]),
    ("idna", "3.10", 70 * KB, &[]),
    ("jinja2", "3.1.5", 134 * KB, &["markupsafe"]),
    ("joblib", "1.4.2", 301 * KB, &[]),
    ("llvmlite", "0.44.0", 42 * MB, &[]),
    ("mako", "1.3.8", 78 * KB, &["markupsafe"]),
    ("markupsafe", "3.0.2", 23 * KB, &[]),
    ("numba", "0.61.0", 3_800 * KB, &["llvmlite", "numpy"]),
    ("numpy", "2.1.3", 16_300 * KB, &[]),
    ("nvidia-cublas-cu12", "12.4.5.8", 363 * MB, &[]),
    ("nvidia-cudnn-cu12", "9.1.0.70", 664 * MB, &["nvidia-cublas-cu12"]),
    ("opencv-python-headless", "4.11.0.86", 50 * MB, &["numpy"]),
    ("pandas", "2.2.3", 12_700 * KB, &["numpy", "python-dateutil", "pytz"]),
    ("pillow", "11.1.0", 4_500 * KB, &[]),
    ("protobuf", "5.29.3", 319 * KB, &[]),
    ("psycopg2-binary", "2.9.10", 3_000 * KB, &[]),
    ("pyarrow", "18.1.0", 40 * MB, &[]),
    ("pydantic", "2.10.5", 431 * KB, &["pydantic-core"]),
    ("pydantic-core", "2.27.2", 2_000 * KB, &[]),
    ("python-dateutil", "2.9.0.post0", 229 * KB, &["six"]),
    ("pytz", "2024.2", 508 * KB, &[]),
    ("pyyaml", "6.0.2", 759 * KB, &[]),
    ("redis", "5.2.1", 261 * KB, &[]),
    ("requests", "2.32.3", 64 * KB, &["urllib3", "idna", "certifi"]),
    ("safetensors", "0.5.2", 461 * KB, &[]),
    ("scikit-learn", "1.6.1", 13_100 * KB, &["numpy", "scipy", "joblib"]),
    ("scipy", "1.15.1", 40_600 * KB, &["numpy"]),
    ("six", "1.17.0", 11 * KB, &[]),
    ("sniffio", "1.3.1", 10 * KB, &[]),
    ("sqlalchemy", "2.0.37", 3_200 * KB, &["greenlet"]),
    ("starlette", "0.41.3", 73 * KB, &["anyio"]),
    ("structlog", "24.4.0", 67 * KB, &[]),
    ("tokenizers", "0.21.0", 3_000 * KB, &["huggingface-hub"]),
    ("torch", "2.5.1", 906 * MB, &["nvidia-cudnn-cu12", "triton", "jinja2", "filelock"]),
    ("tqdm", "4.67.1", 78 * KB, &[]),
    ("transformers", "4.48.0", 9_700 * KB, &["tokenizers", "safetensors", "numpy", "pyyaml"]),
    ("triton", "3.1.0", 209_500 * KB, &[]),
    ("urllib3", "2.3.0", 128 * KB, &[]),
    ("uvicorn", "0.34.0", 62 * KB, &["click", "h11"]),
    ("xgboost", "2.1.3", 153_900 * KB, &["numpy", "scipy"]),
    ("yarl", "1.18.3", 340 * KB, &["idna"]),
];

const FILES: &[(&str, &[&str])] = &[
    (
        "requirements/base.txt",
        &["structlog", "pydantic", "redis", "httpx", "cryptography", "pyyaml", "requests"],
    ),
    ("requirements/data.txt", &["pandas", "pyarrow", "sqlalchemy", "psycopg2-binary", "boto3", "numba"]),
    ("requirements/ml.txt", &["scikit-learn", "xgboost", "accelerate", "transformers", "protobuf"]),
    ("requirements/vision.txt", &["opencv-python-headless", "pillow", "torch"]),
    (
        "requirements/web.txt",
        &["fastapi", "uvicorn", "gunicorn", "aiohttp", "alembic", "bcrypt", "sqlalchemy"],
    ),
];

/// What the services are, by their requirement files.
const SERVICES: &[(&[&str], &[&str])] = &[
    (&["base", "web"], &["accounts", "admin", "api", "billing", "catalog", "checkout", "gateway", "search"]),
    (&["base", "web", "data"], &["analytics", "reports", "stock"]),
    (&["base", "data"], &["export", "import", "ledger", "nightly"]),
    (&["base", "data", "ml"], &["forecast", "ranking", "training"]),
    (&["base", "ml", "vision"], &["moderation", "tagging"]),
    (&["base"], &["cron", "mailer"]),
];

/// The files of the shop: paths and texts.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut manifest = "name: shop\npython: {lock: pylock.toml}\nservices:\n".to_owned();
    let mut files = Vec::new();
    let file = |path: String, lines: usize| (path, "x = 1\n".repeat(lines));
    for (sets, services) in SERVICES {
        let sets: Vec<String> = sets.iter().map(|set| format!("requirements/{set}.txt")).collect();
        for name in *services {
            let _ = writeln!(
                manifest,
                "  {name}: {{from: \"python:3.13-slim\", requirements: [{}], files: [common/, services/{name}/], \
                 command: [python, -m, \"services.{name}\"]}}",
                sets.join(", ")
            );
            files.push(file(format!("services/{name}/main.py"), 900));
        }
    }
    files.push(file("common/db.py".into(), 90_000));
    files.push(("layerset.yaml".into(), manifest));
    files.push(("pylock.toml".into(), lock(PACKAGES, FILES)));
    files.extend(FILES.iter().map(|(path, required)| ((*path).to_owned(), requirements(required))));
    files
}
