"""Order sync: the library behind every DAG of this repository.

Start reading at ``flow.py`` (what every DAG shares) or at the module named after what is wrong:
``contracts`` (what partners send), ``mapping`` (how fields are filled), ``transforms`` (records in, rows out),
``ledger`` (what happened to every record), ``partners`` (protocols), ``operators`` (the steps of a DAG).
"""
