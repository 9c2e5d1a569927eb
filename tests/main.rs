//! One test binary, driven by data: each module below says what it holds.
