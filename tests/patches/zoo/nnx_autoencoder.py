"""A convolutional autoencoder in NNX: two modules, handed to a third."""

from flax import nnx


class Encoder(nnx.Module):
    def __init__(self, features: int, latent: int, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, features, (3, 3), strides=(2, 2), rngs=rngs)
        self.conv2 = nnx.Conv(features, 2 * features, (3, 3), strides=(2, 2), rngs=rngs)
        self.norm = nnx.GroupNorm(2 * features, num_groups=2, rngs=rngs)
        self.code = nnx.Linear(2 * 2 * 2 * features, latent, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv1(x))
        x = nnx.relu(self.norm(self.conv2(x)))
        return self.code(x.reshape(x.shape[0], -1))


class Decoder(nnx.Module):
    def __init__(self, features: int, latent: int, *, rngs: nnx.Rngs):
        self.expand = nnx.Linear(latent, 2 * 2 * 2 * features, rngs=rngs)
        self.deconv1 = nnx.ConvTranspose(2 * features, features, (3, 3), strides=(2, 2), rngs=rngs)
        self.deconv2 = nnx.ConvTranspose(features, 1, (3, 3), strides=(2, 2), rngs=rngs)

    def __call__(self, code):
        x = nnx.relu(self.expand(code)).reshape(code.shape[0], 2, 2, -1)
        return self.deconv2(nnx.relu(self.deconv1(x)))


class AutoEncoder(nnx.Module):
    def __init__(self, features: int = 16, latent: int = 8, *, rngs: nnx.Rngs):
        self.encoder = Encoder(features, latent, rngs=rngs)
        self.decoder = Decoder(features, latent, rngs=rngs)

    def __call__(self, images):
        return self.decoder(self.encoder(images))
