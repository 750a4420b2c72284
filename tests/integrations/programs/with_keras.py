import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
from digits import x, y
from keras import layers


def train(sick, **options):
    keras.utils.set_random_seed(0)
    images = keras.Input((64,))
    hidden = layers.Dense(64, activation="relu")(images)
    hidden = layers.Dense(32, activation="relu")(hidden)
    head = layers.Dense(10, activation="softmax" if sick else None)  # the fault
    model = keras.Model(images, head(hidden))
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=64, epochs=4, verbose=2, **options)


if __name__ == "__main__":
    train(sick="healthy" not in sys.argv)
