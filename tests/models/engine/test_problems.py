from models.engine.problems import handler_problem
from models.messages import Problem
from models.work.cancelled import Cancelled


def test_work_about_what_is_no_longer_there_is_no_fault_of_the_engine():
    assert handler_problem(Cancelled()) == Problem("gone", "Something else is looked at by now")


def test_any_other_error_is_said_with_its_traceback():
    problem = handler_problem(ZeroDivisionError("planted"))
    assert (problem.kind, problem.title) == ("engine", "ZeroDivisionError: planted")
