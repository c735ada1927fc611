"""Models that are fitted here: what services of requirements/ml.txt learn with."""

USES = "joblib numpy pandas scikit-learn scipy"
