"""The encoder is fed the dz of the batch before. Lesson 16."""

from lessons.exercises.exercise import BugHunt
from lessons.exercises.hunting import Tests, other_repair

T = Tests("Wenc benc", "Wdec bdec Wx bx", "Wmu bmu Wlogvar blogvar")
ORDER = "        self.decoder.backward((y - x) / len(x))\n        self.encoder.backward(self.decoder.dz, eps)\n"

EXERCISE = BugHunt(
    lesson="16", difficulty=2, minutes=25,
    checks=(T.gradient_of_decoder, T.gradient_of_encoder, T.gradient_after_another_batch, T.same_batch_again,
            T.moments_of_draws, T.kl_of_draws, T.reconstruction),
    fault="The encoder's backward ran before the decoder's and used the dz of the batch before, which belongs to other "
          "pictures (lesson 16): the test loss on generated digits was 198.6 nats instead of 133.2 (another VAE on "
          "MNIST: 142.8 and rising instead of 111.6); a value that is kept from call to call deserves a test that "
          "calls twice.",
    blind=False,
    alternatives=(
        # the decoder's backward returns dz instead of keeping it
        other_repair(__file__, ("        self.dz = self.hidden.backward(", "        return self.hidden.backward("),
                     (ORDER, "        dz = self.decoder.backward((y - x) / len(x))\n"
                             "        self.encoder.backward(dz, eps)\n")),
        # the encoder asks for dz when it needs it
        other_repair(__file__, (ORDER, "        self.encoder.backward(None, eps, lambda: self.decoder.backward(\n"
                                       "            (y - x) / len(x)))\n"),
                     ("    def backward(self, dz, eps):", "    def backward(self, dz, eps, ask):"),
                     ("        B, sigma = len(eps), np.exp(self.logvar / 2)\n",
                      "        dz, B, sigma = ask(), len(eps), np.exp(self.logvar / 2)\n"),
                     ("        self.dz = self.hidden.backward(self.to_x.backward(da) * (self.h > 0))\n",
                      "        self.dz = self.hidden.backward(self.to_x.backward(da) * (self.h > 0))\n"
                      "        return self.dz\n"))),
    hints=("The decoder's gradients are right, the encoder's are not, and the same batch does not give the same "
           "gradients twice. What does this object remember from one call to the next?",
           "Follow dz, the only thing that the encoder learns about the pixels: in which line is it made, in which "
           "line is it used, and which of the two runs first?",
           "The encoder uses the dz of the batch before (0 at the first). The decoder's backward has to run before "
           "the encoder's, within the same call."))
