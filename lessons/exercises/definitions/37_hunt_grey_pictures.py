"""The KL is divided by the number of latents, in value and gradient alike. Lesson 16 (and 14)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("We be", "Wd bd Wx bx", "Wm bm Wv bv", sigma0=0.3)
SUM = "        return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar)) / len(mu)\n"

EXERCISE = BugHunt(
    lesson="16", difficulty=2, minutes=20,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.moments_of_draws, T.kl_of_draws, T.reconstruction, T.bound),
    fault="The KL was averaged over the latents where it must be summed, in value and gradient alike (lesson 14): with "
          "10 latents a tenth of it was left, the file claimed a test loss of -57.7 nats on generated grey digits, the "
          "true one was -22.3, that of the repaired file -30.7; every gradient was right, for the wrong loss.",
    blind=True,
    alternatives=(
        other_repair(__file__, (SUM, "        each = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)\n"
                                     "        return np.mean(each.sum(axis=1))\n")),
        other_repair(__file__, (SUM, "        L = mu.shape[1]\n"
                                     "        return -0.5 * L * np.mean(1 + logvar - mu**2 - np.exp(logvar))\n"),
                     ("        return mu / len(mu), (np.exp(logvar) - 1) / (2 * len(mu))\n",
                      "        L = mu.shape[1]\n"
                      "        return L * mu / mu.size, L * (np.exp(logvar) - 1) / (2 * mu.size)\n"))),
    hints=("Every gradient is right, so each backward belongs to its forward. What is wrong is the loss itself: "
           "compare the forward, line by line, with the equations of lesson 16.",
           "The reconstruction is right and the draws are right. Divide the KL of the quadrature by the KL of the "
           "loss, for each number of latents that the test tried.",
           "The latents are independent, so their KLs are added; only the examples are averaged. np.mean without an "
           "axis averages over both. The KL's gradient has to follow."))
