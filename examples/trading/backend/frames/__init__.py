"""Tables in columns: what services of requirements/data.txt move."""

USES = "numpy pandas pyarrow"
