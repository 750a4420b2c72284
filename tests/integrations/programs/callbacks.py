"""Trains the program of one framework with its callback, healthy and then sick, and prints what was found as JSON."""

import importlib
import json
import sys

name = sys.argv[1]
program = importlib.import_module(f"with_{name}")
ours = importlib.import_module(f"neurologist.integrations.{name}")


class Broken:
    def numbers(self, step, values):
        raise ConnectionError("the dashboard is down")

    def finding(self, step, finding):
        raise ConnectionError("the dashboard is down")

    def close(self):
        pass


def train(sick):
    options = {
        "record": "run.nlr",
        "report": f"sick_{sick}.html",
        "sinks": [Broken(), f"jsonl=sick_{sick}.jsonl"],
    }
    if name == "accelerate":
        seen = []

        def around(accelerator):
            accelerator.log = lambda values, **more: seen.append(values)
            return kept.setdefault("examined", ours.examined(accelerator, **options))

        kept = {}
        program.train(sick, around=around)
        return None, seen
    callback = ours.NeurologistCallback(**options)
    trained = program.train(sick, callbacks=[callback])
    if name == "transformers":
        return callback.diagnosis, trained.state.log_history[-1]
    if name == "skorch":
        import pickle

        import sklearn

        assert pickle.loads(pickle.dumps(sklearn.clone(trained).set_params(callbacks=[callback])))
        return callback.diagnosis, trained.history[-1]["neurologist"]
    return callback.diagnosis, None


if __name__ == "__main__":
    print(json.dumps({str(sick): str(train(sick)[1]) for sick in (False, True)}))
