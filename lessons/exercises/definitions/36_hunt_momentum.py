"""The slope of the sigmoid is multiplied in twice. Lesson 16 (and 13)."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("w_hidden_in b_hidden_in", "w_hidden_out b_hidden_out w_pixels b_pixels", "w_mu b_mu w_logvar b_logvar")
LINE = "    d_pixels = (y - x) / batch\n"

EXERCISE = BugHunt(
    lesson="16", difficulty=1, minutes=15,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.moments_of_draws, T.kl_of_draws, T.reconstruction),
    fault="The slope y (1 - y) of the sigmoid was multiplied in although y - x holds it already (lesson 13): a pixel "
          "that is confidently wrong then teaches almost nothing, and after as many steps the test loss on generated "
          "digits was 214.1 nats instead of 163.3.",
    blind=False,
    alternatives=(
        # the long form: cross-entropy, then sigmoid
        other_repair(__file__, (LINE, "    d_y = ((1 - x) / (1 - y) - x / y) / batch\n"
                                      "    d_pixels = d_y * y * (1 - y)\n")),
        other_repair(__file__, (LINE, "    d_pixels = (y * (1 - x) - x * (1 - y)) / batch\n"))),
    hints=("Everything is wrong, down from the last layer: a fault travels with the backward pass, so it sits where "
           "the backward pass begins.",
           "The loss is a function of y, y a function of the logits a. Write down d loss / dy for the cross-entropy "
           "of one pixel, then dy/da, and multiply. What is left?",
           "d loss / dy = (y - x) / (y (1 - y)), and dy/da = y (1 - y): the product is y - x. That is already the "
           "gradient with respect to the logits, with the slope of the sigmoid in it."))
