//! Which modules and programs a package brings, as far as its name tells. The files of a wheel would say it for
//! certain, but nothing is downloaded to say that something is not needed; so a name too many is better than
//! one too few.

use std::collections::BTreeSet;

/// Names of modules and programs that are not in the package's own; `*` stands for any end.
const KNOWN: &[(&str, &[&str])] = &[
    ("apache-flink", &["pyflink"]),
    ("attrs", &["attr"]),
    ("awscli", &["aws"]),
    ("azure-cli", &["az"]),
    ("beautifulsoup4", &["bs4"]),
    ("dnspython", &["dns"]),
    ("gdal", &["osgeo"]),
    ("gitpython", &["git"]),
    ("grpcio", &["grpc"]),
    ("imageio-ffmpeg", &["imageio_ffmpeg"]),
    ("ipython", &["ipython"]),
    ("jpype1", &["jpype"]),
    ("jupyterlab", &["jupyter", "jupyter_lab"]),
    ("libclang", &["clang"]),
    ("mysqlclient", &["mysqldb"]),
    ("nodejs-*", &["nodejs", "node", "npm", "npx"]),
    ("notebook", &["jupyter", "jupyter_notebook"]),
    ("opencv-*", &["cv2"]),
    ("paddlepaddle*", &["paddle"]),
    ("pillow*", &["pil"]),
    ("protobuf", &["google"]),
    ("pyarrow", &["pyarrow"]),
    ("pycryptodome", &["crypto"]),
    ("pycryptodomex", &["cryptodome"]),
    ("pymupdf", &["fitz", "pymupdf"]),
    ("pyspark", &["pyspark", "spark_submit"]),
    ("pytorch-lightning", &["pytorch_lightning", "lightning"]),
    ("pywavelets", &["pywt"]),
    ("pyyaml", &["yaml"]),
    ("scikit-image", &["skimage"]),
    ("scikit-learn*", &["sklearn"]),
    ("tensorflow*", &["tensorflow", "keras"]),
    ("vtk", &["vtk", "vtkmodules"]),
    ("wxpython", &["wx"]),
    ("z3-solver", &["z3"]),
];

/// Packages that load others if they are installed, without requiring them.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("accelerate", &["deepspeed", "bitsandbytes"]),
    ("dask", &["pyarrow", "pandas", "numpy", "distributed", "bokeh", "fastparquet"]),
    ("datasets", &["torch*", "tensorflow*", "jax*", "librosa", "opencv-*", "pillow"]),
    ("diffusers", &["torch*", "jax*", "flax", "transformers", "accelerate", "bitsandbytes", "onnxruntime*"]),
    ("django", &["mysqlclient", "psycopg*", "oracledb", "pillow"]),
    ("duckdb", &["pyarrow", "pandas", "polars*"]),
    ("geopandas", &["pyarrow", "fiona", "pyogrio"]),
    ("imageio", &["imageio-ffmpeg", "av", "opencv-*", "pillow"]),
    ("keras", &["tensorflow*", "torch", "jax*", "openvino*"]),
    ("langchain*", &["faiss-*", "chromadb", "sentence-transformers", "torch", "transformers", "playwright"]),
    ("matplotlib", &["pyqt*", "pyside*", "wxpython"]),
    ("optimum*", &["onnx", "onnxruntime*", "openvino*", "torch"]),
    (
        "pandas",
        &["pyarrow", "fastparquet", "numba", "numexpr", "tables", "scipy", "matplotlib", "lxml", "polars*"],
    ),
    ("plotly", &["kaleido"]),
    ("polars*", &["pyarrow", "pandas", "deltalake", "polars*"]),
    ("pyspark", &["pandas", "pyarrow", "numpy", "grpcio*"]),
    ("pytorch-lightning", &["deepspeed"]),
    ("ray", &["torch", "tensorflow*", "pandas", "pyarrow", "grpcio*"]),
    ("sentence-transformers", &["onnx", "onnxruntime*", "openvino*", "optimum*"]),
    ("sqlalchemy", &["ibm-db*", "mysqlclient", "oracledb", "psycopg*", "snowflake-*", "duckdb*"]),
    (
        "transformers",
        &[
            "torch*",
            "tensorflow*",
            "jax*",
            "flax",
            "accelerate",
            "bitsandbytes",
            "flash-attn",
            "onnxruntime*",
            "optimum*",
            "peft",
            "sentencepiece",
            "timm",
            "triton",
        ],
    ),
    ("xarray", &["netcdf4", "h5netcdf", "zarr", "dask", "scipy", "rasterio", "numba"]),
];

/// Words at the ends of names that say what a package is for, not what it is called.
const BEGINNINGS: [&str; 3] = ["python-", "py-", "apache-"];
const ENDINGS: [&str; 6] = ["-python", "-py", "-binary", "-cpu", "-gpu", "-headless"];

/// The names, lower case with `_`, by one of which a source uses the package `name` (normalised).
pub(super) fn names(name: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::from([name.to_owned()]);
    let known = known(KNOWN, name);
    if known.is_empty() {
        let begin = BEGINNINGS.iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name);
        let both = ENDINGS.iter().find_map(|word| begin.strip_suffix(word)).unwrap_or(begin);
        names.extend([begin.to_owned(), both.to_owned(), both.replace('-', "")]);
        // `google-cloud-storage` is in `google`, and what extends a framework is loaded by it.
        names.extend(both.split_once('-').map(|(first, _)| first.to_owned()));
        names.extend(both.strip_prefix("py").filter(|rest| rest.len() > 2).map(str::to_owned));
    }
    names.extend(known.into_iter().map(str::to_owned));
    names.into_iter().map(|name| name.replace('-', "_")).collect()
}

/// Whether the package `name` loads any others where they are installed.
pub(super) fn may_load_any(name: &str) -> bool {
    !known(OPTIONAL, name).is_empty()
}

/// Whether the package `name` loads `other` where it is installed.
pub(super) fn may_load(name: &str, other: &str) -> bool {
    known(OPTIONAL, name).into_iter().any(|pattern| fits(pattern, other))
}

fn known(table: &[(&str, &'static [&'static str])], name: &str) -> Vec<&'static str> {
    table
        .iter()
        .filter(|(pattern, _)| fits(pattern, name))
        .flat_map(|(_, names)| names.iter().copied())
        .collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_by_name() {
        for (package, module) in [
            ("torch", "torch"),
            ("scikit-learn", "sklearn"),
            ("opencv-python-headless", "cv2"),
            ("pillow", "pil"),
            ("pyyaml", "yaml"),
            ("beautifulsoup4", "bs4"),
            ("tensorflow-cpu", "tensorflow"),
            ("psycopg2-binary", "psycopg2"),
            ("google-cloud-aiplatform", "google"),
            ("en-core-web-lg", "en_core_web_lg"),
            ("faiss-cpu", "faiss"),
            ("onnxruntime-gpu", "onnxruntime"),
            ("apache-airflow", "airflow"),
            ("apache-beam", "apache_beam"),
            ("llama-cpp-python", "llama_cpp"),
            ("python-dateutil", "dateutil"),
            ("pyzmq", "zmq"),
            ("jupyterlab", "jupyter_lab"),
        ] {
            assert!(names(package).contains(module), "{package}: {:?}", names(package));
        }
        assert!(!names("python-dateutil").contains("python"));
        assert!(!names("pyarrow").contains("arrow"));
    }

    #[test]
    fn what_loads_what() {
        assert!(may_load("pandas", "pyarrow") && may_load("transformers", "tensorflow-cpu"));
        assert!(!may_load("pandas", "torch") && !may_load("numpy", "pyarrow"));
    }
}
