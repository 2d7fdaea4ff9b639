"""Rules: each a small unit that looks at the inventory and the plan and says what it sees.

A rule is one module here, named ``bf<code>_<name>.py``, that defines ``RULE``. Nothing else has to
be touched to add one: the catalogue finds the modules by their names.
"""
