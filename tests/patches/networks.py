"""The models of the zoo in experiments.

They are plain Flax and plain JAX, in a file each, and know nothing of this library; here they become symbolic
from outside.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import symjax as sj
from symjax import optax

from .experiments import (
    Characters,
    Copies,
    Images,
    LinenExperiment,
    NNXExperiment,
    NoisyImages,
    PlainExperiment,
    Reviews,
)
from .zoo import (
    linen_cnn,
    linen_language_model,
    linen_mixer,
    linen_mlp,
    linen_resnet,
    linen_rnn,
    linen_seq2seq,
    linen_transformer,
    linen_unet,
    nnx_autoencoder,
    nnx_cnn,
    nnx_transformer,
    plain_jax,
)


class Network(NamedTuple):
    """An experiment around a model of the zoo.

    Attributes:
        build: Makes it.
        has: The roles of the layers and functions that it computes with, as a reader sees them in its file.
    """

    build: Callable[[], Any]
    has: frozenset[str]

    @property
    def offers(self) -> frozenset[str]:
        """What patches may ask for: what it computes with, and its settings."""
        experiment = self.build()
        settings = {str(path.key) for path, _, parent in sj.walk(experiment) if parent is not None}
        flax = set() if isinstance(experiment, PlainExperiment) else {"Flax"}
        return self.has | settings | flax


def _has(names: str) -> frozenset[str]:
    return frozenset(names.split())


Reader = sj.role("encoder")(sj.symbolize(linen_seq2seq.Reader))
Affine = sj.role("dense", features="units")(sj.symbolize(plain_jax.Affine))
sj.role("activation")(plain_jax.softsign)

NETWORKS: dict[str, Network] = {
    "Linen MLP": Network(
        lambda: LinenExperiment(sj.symbolize(linen_mlp.MLP)([16, 16], num_classes=10), Images()),
        _has("dense activation cross_entropy depth"),
    ),
    "Linen CNN": Network(
        lambda: LinenExperiment(sj.symbolize(linen_cnn.CNN)(), Images()),
        _has("dense convolution activation cross_entropy"),
    ),
    "Linen ResNet": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_resnet.ResNet)([1, 1], num_classes=10, num_filters=4),
            Images(),
        ),
        _has("dense convolution normalization activation block cross_entropy depth residual"),
    ),
    "Linen transformer": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_transformer.TextClassifier)(
                linen_transformer.TransformerConfig(
                    vocab_size=11, num_classes=3, emb_dim=8, num_heads=2, num_layers=1, mlp_dim=16, max_len=8
                )
            ),
            Reviews(),
        ),
        _has(
            "dense embedding attention normalization dropout activation "
            "block cross_entropy depth feed_forward feed_forward_module residual"
        ),
    ),
    "Linen LSTM": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_rnn.CharLSTM)(vocab_size=11, embed_dim=8, hidden_size=8),
            Characters(),
        ),
        _has("dense embedding recurrence normalization dropout activation cross_entropy untied"),
    ),
    "Linen mixer": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_mixer.Mixer)(
                10, tokens=4, channels=8, num_blocks=1, tokens_hidden=4, channels_hidden=16
            ),
            Images(),
        ),
        _has(
            "dense convolution normalization activation "
            "block cross_entropy depth feed_forward feed_forward_module residual"
        ),
    ),
    "Linen language model": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_language_model.LanguageModel)(
                linen_language_model.LMConfig(vocab_size=11, depth=2, width=8, heads=2, mlp_ratio=2)
            ),
            Characters(),
        ),
        _has(
            "dense embedding attention normalization activation "
            "block cross_entropy depth feed_forward residual"
        ),
    ),
    "Linen U-Net": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_unet.UNet)([4, 8]), NoisyImages(), loss=optax.squared_error
        ),
        _has("convolution normalization activation block depth"),
    ),
    "Linen seq2seq": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_seq2seq.Seq2Seq)(
                11, writer=linen_seq2seq.Writer(8), reader=Reader(8), embed_dim=8
            ),
            Copies(),
        ),
        _has(
            "dense embedding attention recurrence normalization activation "
            "cross_entropy encoder residual untied"
        ),
    ),
    "NNX CNN": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_cnn.CNN)(nnx_cnn.CNNConfig(in_channels=1, channels=(4, 8))), Images(size=16)
        ),
        _has("dense convolution normalization dropout activation block cross_entropy depth"),
    ),
    "NNX transformer": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_transformer.GPT)(
                nnx_transformer.GPTConfig(vocab_size=11, block_size=8, n_layer=1, n_head=2, n_embd=8)
            ),
            Characters(),
        ),
        _has(
            "dense embedding attention normalization dropout activation "
            "block cross_entropy depth feed_forward feed_forward_module residual untied"
        ),
    ),
    "NNX autoencoder": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_autoencoder.AutoEncoder)(features=4, latent=6),
            NoisyImages(),
            loss=optax.squared_error,
        ),
        _has("dense convolution normalization activation"),
    ),
    "Plain JAX": Network(
        lambda: PlainExperiment(
            sj.symbolize(plain_jax.Network)([Affine(16), Affine(8), Affine(10)]), Images(), optax.adam(1e-3)
        ),
        _has("dense activation depth"),
    ),
}
