"""One file over HTTP, with limits. A module of its own because importing the HTTP client takes longer than the rest of
tinyvae together, and most runs never download."""

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request


def download(url, most_bytes, timeout, time_limit, say):
    """The bytes behind url.

    most_bytes : no file may be larger      timeout : seconds without a byte      time_limit : seconds in all
    say : called with one line of text when the download starts

    Raises OSError or ValueError whose text says what happened: refused, too large, too slow, cut off, no answer.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "tinyvae"})
    try:
        with urllib.request.urlopen(request, timeout=min(timeout, time_limit)) as response:
            return _body(response, url, most_bytes, time_limit, say)
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"HTTP status {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        raise OSError("no answer in time" if isinstance(reason, TimeoutError) else str(reason)) from None
    except http.client.HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from None


def _body(response, url, most_bytes, time_limit, say):
    start, data = time.monotonic(), bytearray()
    length = response.headers.get("Content-Length", "")
    length = int(length) if length.isdecimal() else None
    size = "size unknown" if length is None else f"{length / 1e6:.2f} MB"
    address = urllib.parse.urlsplit(url)
    say(f"downloading {address.path.rsplit('/', 1)[-1]} ({size}) from {address.netloc}")
    # read1 returns what has come so far; read would wait for all of it, however slowly it drips.
    while chunk := response.read1(65536):
        data += chunk
        if max(len(data), length or 0) > most_bytes:
            raise ValueError(f"too large: more than the {most_bytes} bytes that can be expected")
        if time.monotonic() - start > time_limit:
            raise ValueError(f"too slow: {len(data)} of {length or 'unknown'} bytes in {time_limit:g} s")
    if length is not None and len(data) < length:
        raise ValueError(f"cut off after {len(data)} of {length} bytes")
    return bytes(data)
