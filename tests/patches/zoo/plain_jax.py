"""A network in plain JAX: layers are small classes, parameters are dicts."""

import math

import jax
import jax.numpy as jnp


class Affine:
    def __init__(self, units, use_bias=True):
        self.units = units
        self.use_bias = use_bias

    def init(self, key, inputs):
        kernel = jax.random.normal(key, (inputs, self.units)) / math.sqrt(inputs)
        return {"w": kernel, "b": jnp.zeros(self.units)} if self.use_bias else {"w": kernel}

    def __call__(self, params, x):
        y = x @ params["w"]
        return y + params["b"] if self.use_bias else y


def softsign(x):
    return x / (1 + jnp.abs(x))


class Network:
    def __init__(self, layers, activation=softsign):
        self.layers = layers
        self.activation = activation

    def init(self, key, inputs):
        params = []
        for layer in self.layers:
            key, layer_key = jax.random.split(key)
            params.append(layer.init(layer_key, inputs))
            inputs = layer.units
        return params

    def __call__(self, params, x):
        x = x.reshape(x.shape[0], -1)
        for layer, layer_params in zip(self.layers[:-1], params[:-1], strict=True):
            x = self.activation(layer(layer_params, x))
        return self.layers[-1](params[-1], x)
