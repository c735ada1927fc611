"""Searches for the parameters of a strategy."""

import optuna
import statsmodels.api as sm

import learning
from common.service import Service
from indicators import averages, momentum, series
from learning import trees
from risk_models import groups

service = Service(
    "strategy-generator",
    learning.USES,
    groups.USES,
    "optuna statsmodels",
    needs=("models/strategy.bin", "data/history"),
)
optuna.logging.set_verbosity(optuna.logging.WARNING)


@service.app.get("/window")
def window(trials: int = 5) -> int:
    prices = series.walk(200)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: averages.simple(prices, trial.suggest_int("window", 2, 50)).std(), n_trials=trials)
    return study.best_params["window"]


@service.app.get("/trend")
def trend() -> dict:
    prices = series.walk(100)
    slope = sm.OLS(prices, sm.add_constant(range(100))).fit().params[1]
    return {"slope": slope, "rsi": momentum.rsi(prices), "trees": len(trees.fitted(prices).estimators_)}
