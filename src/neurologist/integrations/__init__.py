"""At home in the tools that people train with: callbacks for frameworks, and sinks for dashboards.

Each file is one framework (`from neurologist.integrations.lightning import NeurologistCallback`), each file in `sinks/`
one sink. The framework is imported with its file, so that nobody loads what they do not use.
May import: everything but `cli`.
"""

from neurologist.integrations.sinks import sink

__all__ = ["sink"]
