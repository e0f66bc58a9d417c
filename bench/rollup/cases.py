"""The names of the cases in the results and on the command line."""

SQL = "set-based SQL"
SQL_TWO = "set-based SQL, two sessions"
ONE = "one worker"
TWO = "two workers"
REPEATED = "a re-run that skips"
NAIVE = "naive ORM loop"
HUGE_TENANT_CASE = "one tenant"
