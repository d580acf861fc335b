"""exp(logvar) is used as sigma by the sampler, as sigma^2 by the KL. Lesson 16 (and 15, 04)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("W1 b1", "W2 b2 W3 b3", "W_mu b_mu W_logvar b_logvar")

EXERCISE = BugHunt(
    lesson="16", difficulty=2, minutes=25,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.kl_of_draws, T.reconstruction, T.bound),
    fault="The sampler used exp(logvar) as sigma, the KL as sigma^2, and two well-known public codebases do so too "
          "(lessons 04 and 15): on generated digits the file claimed a test loss of 124.6 nats, the true one of what "
          "it drew was 132.5, that of the repaired file 131.5; every gradient was right, for the wrong loss, and only "
          "a test of the forward can see that.",
    blind=True,
    alternatives=(
        # the sampler as it was given, e^logvar = sigma; then the KL and its gradient have to follow
        other_repair(__file__, ("    return mu + np.exp(logvar / 2) * eps\n", "    return mu + np.exp(logvar) * eps\n"),
                     ("dz * np.exp(logvar / 2) * eps / 2", "dz * np.exp(logvar) * eps"),
                     ("(1 + logvar - mu**2 - np.exp(logvar))", "(1 + 2 * logvar - mu**2 - np.exp(2 * logvar))"),
                     ("0.5 * (np.exp(logvar) - 1)", "(np.exp(2 * logvar) - 1)")),
        # the root of the variance
        other_repair(__file__, ("    return mu + np.exp(logvar / 2) * eps\n",
                                "    return mu + np.sqrt(np.exp(logvar)) * eps\n"),
                     ("dz * np.exp(logvar / 2) * eps / 2", "0.5 * dz * np.sqrt(np.exp(logvar)) * eps"))),
    hints=("Every gradient is right, so each backward belongs to its forward. What is wrong is the loss itself: "
           "compare the forward, line by line, with the equations of lesson 16.",
           "The KL of the loss is not the KL of what is drawn: two functions disagree about what logvar means. Put "
           "logvar = -2 into each; which standard deviation does each of them take it for?",
           "In the KL e^logvar stands for sigma^2, in the sampler for sigma. Let both mean the same, log sigma^2: "
           "then sigma = e^(logvar / 2), and dz/dlogvar = sigma eps / 2 in the backward."))
