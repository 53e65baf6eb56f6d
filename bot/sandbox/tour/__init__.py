"""`easel sandbox --tour`: ten things to do, each noticed when it was done."""
