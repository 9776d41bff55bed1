"""The evaluation: experiments as settings, runs that can be killed, tables that can be checked."""
