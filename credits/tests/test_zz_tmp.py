import credits.tests.test_invariants as t, os, time
import pytest
from hypothesis import settings, Phase, HealthCheck, Verbosity
from hypothesis.stateful import run_state_machine_as_test
@pytest.mark.django_db(transaction=True)
def test_x():
    t.Ledger.steps=0
    t0=time.time()
    orig=t.Ledger.teardown
    c=[0]
    def td(self):
        orig(self); c[0]+=1
        if c[0]%5==0: print(c[0], t.Ledger.steps, round(time.time()-t0,1), len(self.holds), len(self.charges), flush=True)
    t.Ledger.teardown=td
    run_state_machine_as_test(t.Ledger, settings=settings(max_examples=int(os.environ.get("N","40")), stateful_step_count=50, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))
