"""The second derivative of a Gaussian, turned over: a bump between two troughs, with mean 0."""

from neurologist.catalogue.spec import Activation, Interval, Source

ACTIVATION = Activation(
    name="mexican_hat",
    formula="2 / (sqrt(3) * pi ** 0.25) * (1 - x ** 2) * exp(-x ** 2 / 2)",
    # Beyond |x| = 100 the Gaussian is 0 in every dtype; the cap keeps 0 * inf away.
    stable=("2 / (sqrt(3) * pi ** 0.25) * ((1 - min(abs(x), 100)) * (1 + min(abs(x), 100)) * bell(x))"),
    stable_derivative=("2 / (sqrt(3) * pi ** 0.25) * (max(min(x, 100), -100) * (min(x * x, 10000) - 3) * bell(x))"),
    range=Interval(-0.3870527638003468, 0.8673250705840776, True, True),
    wide=True,
    source=Source("Bozorgasl, Chen", 2024, "Wav-KAN: wavelet Kolmogorov-Arnold networks"),
    aliases=("ricker",),
)
