"""The loss is a mean over the pixels, its gradient that of a sum. Lesson 16 (and 13)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("W_enc b_enc W_heads b_heads", "W_dec b_dec W_out b_out", "")
SUM = "-np.mean(np.sum(x * np.log(y) + (1 - x) * np.log(1 - y), axis=1))"

EXERCISE = BugHunt(
    lesson="16", difficulty=1, minutes=20,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.moments_of_draws, T.kl_of_draws, T.reconstruction),
    fault="The loss took the mean over the pixels, its gradient was that of the sum (lesson 13): the training steps "
          "were right, but in the loss that was printed and compared the KL outweighed the pixels, so an early epoch "
          "was kept as the best, and on generated digits its true test loss was 189.9 nats instead of 159.4.",
    blind=False,
    alternatives=(
        other_repair(__file__, (SUM, "-np.sum(x * np.log(y) + (1 - x) * np.log(1 - y)) / len(x)")),
        other_repair(__file__, (SUM, "x.shape[1] * -np.mean(np.where(x == 1, np.log(y), np.log(1 - y)))"))),
    hints=("A factor stands between the decoder's gradients and the numerical ones, the same at every entry. Which "
           "size of the model is that number? And the encoder, whose gradients have two terms, has no constant "
           "factor.",
           "A factor between a gradient and its loss can be mended on either side. Which side is wrong? The tests "
           "that are no gradient checks tell: what does the negative ELBO of lesson 16 do over the pixels, what over "
           "the batch?",
           "log p(x given z) is the sum of the log-probabilities of the pixels; only the examples are averaged. The "
           "cross-entropy in loss takes the mean over both. The gradients are those of the sum, and are right."))
