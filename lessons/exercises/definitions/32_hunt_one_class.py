"""The noise is drawn again in the backward pass. Lesson 16 (and 15)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("W1 b1", "W2 b2 W3 b3", "W_mu b_mu W_logvar b_logvar", draws=True)

EXERCISE = BugHunt(
    lesson="16", difficulty=1, minutes=20,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.moments_of_draws, T.kl_of_draws, T.reconstruction),
    fault="The backward pass drew noise of its own, so dlogvar was multiplied with an eps that did not make this z "
          "(lesson 15): its mean is then 0, the encoder learns nothing about sigma from the pixels, and the test loss "
          "on generated digits was 167.4 nats instead of 146.6 (another VAE on MNIST: 121.7 instead of 111.6).",
    blind=False,
    alternatives=(
        # sigma eps is z - mu: no need to keep the noise
        other_repair(__file__, ("dz * self.eps * sigma / 2", "dz * (self.z - self.mu) / 2"),
                     ("self.eps = rng.standard_normal(shape)", "eps = rng.standard_normal(shape)"),
                     ("return self.eps", "return eps")),
        # the same noise drawn once more, from a generator in the same state
        other_repair(__file__, ("import numpy as np\n", "import copy\n\nimport numpy as np\n"),
                     ("        self.forward(x, rng)\n        p, B", "        again = copy.deepcopy(rng)\n"
                                                                   "        self.forward(x, rng)\n        p, B"),
                     ("dz * self.eps * sigma", "dz * self.noise(dz.shape, again) * sigma"))),
    hints=("The tests say for which parameters the gradient is wrong. What do these have in common that the others "
           "lack: through which line of gradients does their gradient come?",
           "Only what passes through dlogvar is wrong. It is a sum of two terms; write both on paper (lesson 15, and "
           "lesson 14 for the KL). Which symbol of z = mu + sigma eps appears in it, and where does its value come "
           "from?",
           "dz/dlogvar = sigma eps / 2, with the eps that made this very z. The backward pass must use the noise "
           "that the forward pass drew: keep it, or get it back from z."))
