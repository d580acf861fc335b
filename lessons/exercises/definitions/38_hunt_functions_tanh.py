"""Half of the KL is missing, the log-determinant and the dimension, in value and gradient alike. Lesson 16 (and 14)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("W1 b1", "W2 b2 W3 b3", "Wmu bmu Wlogvar blogvar")

EXERCISE = BugHunt(
    lesson="16", difficulty=2, minutes=25,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.moments_of_draws, T.kl_of_draws, T.reconstruction, T.bound),
    fault="The KL had lost its dimension and its log-determinant, the half that keeps sigma away from 0 (lesson 14): "
          "sigma shrank to about 0.05, the file claimed a test loss of 132.7 nats on generated digits, the true one "
          "was 158.2, that of the repaired file 146.6; every gradient was right, for the wrong loss.",
    blind=True,
    alternatives=(
        # the textbook's line
        other_repair(__file__, ("    return 0.5 * (trace + distance - mu.shape[1] - log_determinant)\n",
                                "    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)\n")),
        # the log of the product of the variances; the gradient term by term
        other_repair(__file__, ("log_determinant = np.sum(logvar, axis=1)  ",
                                "log_determinant = np.log(np.prod(np.exp(logvar), axis=1))  "),
                     (" / 2 + (np.exp(logvar) - 1) / (2 * B)", " / 2 + np.exp(logvar) / (2 * B) - 0.5 / B"))),
    hints=("Every gradient is right, so each backward belongs to its forward. What is wrong is the loss itself: "
           "compare the forward, line by line, with the equations of lesson 16.",
           "The reconstruction is right and the draws are right; the KL is not. A KL is 0 when both Gaussians are "
           "the same, and never below. What does this one give for mu = 0, logvar = 0? Which sigma makes it least?",
           "Lesson 14: KL = 1/2 sum (mu^2 + sigma^2 - 1 - log sigma^2). Two of the four terms are here. The other "
           "two belong into the value, and the one that holds logvar into the gradient as well."))
