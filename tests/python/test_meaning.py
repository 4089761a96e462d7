# ruff: noqa: E501, a source is a line
"""The Python that is interpreted means what Python means: each snippet runs in both."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cnncalc.errors import SpecError
from cnncalc.python.values import Instance
from tests.python.reading import answer

# Each leaves its answer in `r`; blank lines part them.
SNIPPETS = """
r = 7 // 2, -7 // 2, 7 % 3, -7 % 3, 2 ** 10, 2 ** -1, 7 / 2, 1 << 4, 255 >> 3, 6 & 3, 6 | 3, 6 ^ 3

r = -3, +3, ~3, not 3, not 0, True + 1, 3.7 // 1, round(2.5), round(3.14159, 2), abs(-3), divmod(7, 2)

r = 1 < 2 < 3, 1 < 2 > 3, 1 == 1.0, 'a' < 'b', (1, 2) < (1, 3), [1] == [1], {1: 2} == {1: 2}

r = 1 in [1, 2], 'a' in 'cat', 3 not in (1, 2), 'k' in {'k': 1}, None is None, [] is not None

r = 1 and 2, 0 and 2, 1 or 2, 0 or '', None or 'x', not [] and not {} and not ''

r = 'a' + 'b', 'ab' * 2, [1] + [2], [0] * 3, (1,) + (2,), 3 * [1], {1, 2} | {3}, {1, 2} & {2}

r = 'abc'[1], 'abc'[-1], 'abcdef'[1:4], [1, 2, 3][::-1], [1, 2, 3, 4][1::2], (1, 2)[:], {'a': 1}['a']

r = 'x' if 1 else 'y', 'x' if 0 else 'y', (lambda a, b=2: a + b)(1), (lambda *a, **k: (a, k))(1, 2, c=3)

r = [i * 2 for i in range(5) if i % 2], [(i, j) for i in range(2) for j in 'ab'], {i: i for i in 'ab'}

r = sorted({i % 3 for i in range(9)}), list(i for i in (1, 2)), sum(i for i in range(4))

r = f'{1 + 1}', f'{3.14159:.2f}', f'{5:03d}', f'{"a"!r}', f'{1}-{2}', f'{{}}', f'{7:>4}|', f'{"x":<3}|'

r = '%d %s %.1f %% %03d' % (1, 'a', 2.55, 7), '%(a)s' % {'a': 1}, '{} {1}'.replace('{1}', '{}').format(1, 2)

r = '{0}{1}{0}'.format('a', 'b'), '{x}'.format(x=3), '{:.1f}'.format(2.25), '{{}}'.format(), '{!r}'.format('a')

r = 'a,b'.split(','), 'a b c'.split(), ' x '.strip(), 'Ab'.lower(), 'ab'.upper(), 'ab'.startswith('a'), 'x.y'.rsplit('.', 1)

r = '-'.join(['a', 'b']), 'aXb'.replace('X', '-'), 'abc'.find('c'), 'a1'.isdigit(), '7'.zfill(3), 'ab'.title()

r = list(range(3)), list(range(5, 1, -2)), list(zip([1, 2], 'ab')), list(enumerate('ab', 1)), list(map(str, [1, 2]))

r = max(1, 3, 2), min([3, 1]), max('a', 'b'), max([1, -5], key=abs), min([], default=7), sum([1.5, 2]), sorted([3, 1, 2])

r = sorted('bca', reverse=True), sorted([(2, 'a'), (1, 'b')]), sorted(['bb', 'a'], key=len), list(reversed([1, 2]))

r = any([0, 1]), all([1, 0]), len('abc'), len({1: 2}), int('12'), int(3.9), float('2.5'), str(12), bool([]), int('ff', 16)

r = isinstance(1, int), isinstance('a', (int, str)), isinstance(True, int), isinstance([], list), type(1) == int, callable(len)

r = list(filter(None, [0, 1, 2])), list(filter(lambda x: x > 1, [1, 2, 3])), tuple([1]), list('ab'), dict(a=1), set([1])

r = repr([1, 'a', None, 2.0, (1,), {'k': 1}]), str((1, 2)), str([]), str({}), str(1e-5), str(True)

a, b = 1, 2; a, b = b, a; r = a, b

a, *b, c = 1, 2, 3, 4; r = a, b, c

(a, b), c = (1, 2), 3; r = a + b + c

a = b = [1]; a.append(2); r = b

a = [1]; b = a; a += [2]; r = b

a = (1,); b = a; a += (2,); r = a, b

x = 1; x += 2; x *= 3; x -= 1; x //= 2; x **= 2; x %= 7; r = x

d = {}; d['a'] = 1; d.update(b=2); d.setdefault('c', []).append(3); r = d, d.get('z', 0), d.pop('a'), list(d.items()), sorted(d)

d = {**{'a': 1}, 'b': 2}; del d['a']; r = d, [*[1], *(2, 3)], {*[1]}

l = [3, 1, 2]; l.sort(); l.insert(0, 9); l.extend([7]); p = l.pop(); l.remove(9); r = l, p, l.index(2), l.count(1)

l = [1, 2, 3, 4]; del l[0]; l[1:] = [9]; r = l, l[-1]

r = []
for i in range(10):
    if i == 2: continue
    if i == 5: break
    r.append(i)
else:
    r.append('never')

r = []
for i in []:
    pass
else:
    r.append('else')

n = 0
while n < 5:
    n += 2
r = n

def f(a, b=2, *args, c=3, **kw): return a, b, args, c, kw
r = f(1), f(1, 5, 6, 7, c=8, d=9), f(*[1, 2], **{'c': 4})

def f(a, /, b, *, c): return a, b, c
r = f(1, b=2, c=3)

def outer():
    x = 1
    def inner():
        nonlocal x
        x += 1
        return x
    inner()
    return inner()
r = outer()

x = 1
def f():
    global x
    x = 5
f(); r = x

def g(n):
    for i in range(n):
        yield i * i
    yield from ['end']
r = list(g(3)), sum(i for i in g(2) if i != 'end')

def f(n): return 1 if n < 2 else n * f(n - 1)
r = f(10)

fs = [lambda i=i: i for i in range(3)]; r = [f() for f in fs]

fs = [lambda: i for i in range(3)]; r = [f() for f in fs]

def f(a, acc=[]):
    acc.append(a)
    return acc
f(1); r = f(2)

class A:
    n = 1
    def __init__(self, x): self.x = x
    def get(self): return self.x + self.n
    @property
    def double(self): return self.x * 2
    @double.setter
    def double(self, v): self.x = v // 2
    @staticmethod
    def s(a): return a + 1
    @classmethod
    def make(cls, x): return cls(x * 10)
class B(A):
    n = 2
    def get(self): return super().get() * 100
a = B.make(3); a.double = 50; r = a.get(), a.x, A.s(1), a.s(2), isinstance(a, A), B.__name__, a.__class__.__name__, hasattr(a, 'z')

class A:
    def hi(self): return ['A']
class B(A):
    def hi(self): return ['B'] + super().hi()
class C(A):
    def hi(self): return ['C'] + super(C, self).hi()
class D(B, C):
    def hi(self): return ['D'] + super().hi()
r = D().hi(), [c.__name__ for c in D.__mro__]

class A:
    def __init__(self): self.l = [1, 2]
    def __getattr__(self, n): return n * 2
    def __getitem__(self, i): return self.l[i]
    def __len__(self): return 2
    def __iter__(self): return iter(self.l)
    def __call__(self, x): return x + 1
    def __eq__(self, o): return True
    def __add__(self, o): return 'add'
    def __contains__(self, o): return o == 1
a = A(); r = a.foo, a[1], len(a), list(a), a(1), a == 3, a + 1, 1 in a, 2 in a, bool(a)

class A:
    def __init__(self): self.l = []
    def __add__(self, o): return 'add'
    def __iadd__(self, o):
        self.l.append(o)
        return self
a = b = A(); a += 1; c = b; c += 2; d = [1]; e = d; e += (2,); f = 'x'; f += 'y'
r = a is b, c is b, b.l, b + 1, d, f

class A(dict):
    def __init__(self, **k): super().__init__(**k); self.extra = 1
a = A(x=1); a['y'] = 2; r = a['x'], len(a), sorted(a), a.get('z'), a.extra, isinstance(a, dict)
try:
    1 / 0
except ZeroDivisionError as e:
    r = 'zero'
finally:
    s = 1

r = []
try:
    r.append(1)
    raise ValueError('no')
except (KeyError, ValueError) as e:
    r.append(str(e))
else:
    r.append('else')

def f():
    try:
        return 1
    finally:
        pass
r = f()
try:
    {}['a']
except KeyError:
    r = 'key'
try:
    [1][5]
except IndexError:
    r = 'index'
try:
    getattr(1, 'nothing')
except AttributeError:
    r = 'attribute'

r = getattr(3, 'nothing', 'default')

if (n := 5) > 3: r = n
import math; r = math.sqrt(16), math.ceil(1.2), math.floor(1.8), math.log2(8), math.prod([2, 3]), math.pi, math.gcd(12, 18)

from functools import partial, reduce; r = partial(lambda a, b: a - b, 5)(2), reduce(lambda a, b: a * b, [1, 2, 3])

from collections import OrderedDict, namedtuple, defaultdict; P = namedtuple('P', 'x y'); p = P(1, y=2); d = defaultdict(list); d['a'].append(1); r = p.x, p[1], tuple(p), list(OrderedDict([('a', 1)])), dict(d), p._replace(x=5).x

from itertools import chain, product, accumulate; r = list(chain([1], (2,))), list(product('ab', [1, 2])), list(accumulate([1, 2, 3])), list(chain.from_iterable([[1], [2]]))

from contextlib import nullcontext, suppress
with nullcontext(3) as a, nullcontext():
    b = a + 1
with suppress(KeyError, ZeroDivisionError):
    b = {}['x']
with suppress(LookupError):
    b = [][4]
try:
    with suppress(KeyError): b = 1 // 0
except ZeroDivisionError:
    a = 9
r = a, b

import contextlib
log = []
class Timed(contextlib.AbstractContextManager):
    def __init__(self, name, quiet=False): self.name, self.quiet = name, quiet
    def __exit__(self, kind, value, trace):
        log.append((self.name, kind is ValueError, str(value)))
        return self.quiet
class Plain:
    def __enter__(self): return 7
    def __exit__(self, *error): log.append(len(error))
def f():
    with Timed('a') as t, Plain() as p: return t.name, p
first = f()
with Timed('b', quiet=True):
    raise ValueError('gone')
r = first, log, isinstance(Timed('c'), contextlib.AbstractContextManager)

import heapq; h = [5, 1, 4, 2]; heapq.heapify(h); heapq.heappush(h, 0); r = list(h), heapq.heappop(h), heapq.heapreplace(h, 9), heapq.heappushpop(h, 3), h

import heapq; q = []; [heapq.heappush(q, each) for each in [(3, 'c'), (1, 'a'), (2, 'b')]]; r = [heapq.heappop(q) for _ in range(3)], heapq.nlargest(2, [3, 1, 4, 1, 5]), heapq.nsmallest(2, ['ccc', 'a', 'bb'], key=len), list(heapq.merge([1, 4], [2, 3])), heapq.nlargest(2, [1, 2], key=lambda n: -n)

import bisect; a = [1, 3, 3, 5]; bisect.insort(a, 4); bisect.insort_left(a, 0); r = bisect.bisect(a, 3), bisect.bisect_left(a, 3), bisect.bisect_right(a, 9), bisect.bisect(a, 3, lo=1, hi=3), a

from bisect import bisect_left, insort; a = ['ccc', 'bb', 'a']; insort(a, 'dd', key=lambda w: -len(w)); r = a, bisect_left(a, -2, key=lambda w: -len(w)), bisect_left((), 1), bisect_left(range(9), 4)

import bisect
r = []
for bounds in ({'lo': -1}, {'hi': 9}):
    try: bisect.bisect([1, 2], 9, **bounds)
    except (ValueError, IndexError) as e: r.append(str(e))

import string; r = len(string.ascii_letters + " .,;'"), string.digits, string.punctuation, string.printable.index('a')

import copy; a = [1, [2]]; b = copy.copy(a); c = copy.deepcopy(a); a[1].append(3); r = b, c

from dataclasses import dataclass, field, replace, asdict
@dataclass
class C:
    a: int
    b: list = field(default_factory=list)
    c: int = 3
    def total(self): return self.a + self.c
@dataclass
class D(C):
    e: int = 0
x = C(1); y = replace(x, a=5); r = x.total(), y.a, x.b, asdict(D(1, e=9)), x == C(1), x == y

from enum import Enum
class E(Enum):
    A = 'a'
    B = 'b'
r = E.A.value, E('b').name, E['A'] is E.A, [e.name for e in E], E.A == E.A, E.A is E.B, len(E)

from typing import NamedTuple
class P(NamedTuple):
    x: int
    y: int = 2
p = P(1); a, b = p; r = p.x, p.y, a + b, p._replace(y=9), len(p)

match (1, 'a')[1]:
    case 'b': r = 1
    case 'a' | 'c': r = 2
    case _: r = 3

x: int = 3; y: 'str' = 'a'; r = x, y

assert True; r = [i for i in range(3)][-1]

def deco(n):
    def wrap(f):
        def inner(*a): return f(*a) * n
        return inner
    return wrap
@deco(3)
def f(x): return x + 1
r = f(1)

def f(): return f.calls if hasattr(f, 'calls') else 0
f.calls = 4; r = f()

r = [x for x in [1, 2, 3] if x != 2 and (y := x)]; r.append(y)

a = [[0] * 2 for _ in range(2)]; a[0][1] = 5; r = a

r = {'a': [1, {'b': (2, 3)}]}['a'][1]['b'][0]

r = 10_000, 0xff, 0b11, 0o17, 1e3, .5, 'a' 'b', r'\\d', '''t'''

r = (1).bit_length(), (2.0).is_integer(), 'x'.center(5), 'a-b'.partition('-')

s = {1, 2}; s.add(3); s.discard(1); r = sorted(s), s.issubset({2, 3, 4}), sorted(s.union([9])), len(s), 2 in s, s == {2, 3}

it = iter([1, 2]); r = next(it), next(it), next(it, 'end')

r = [a if a else b for a, b in zip([0, 1], [5, 6])], [*map(lambda x, y: x + y, [1, 2], [3, 4])]

r = ' '.join(f'{k}={v}' for k, v in {'a': 1, 'b': 2}.items())

def f(a, b=2):
    c = a + b
    return dict(locals())
r = f(1), sorted(f(3, b=4))

class A:
    pass
a = A()
a.x = a.y = 3
delattr(a, 'x')
r = hasattr(a, 'x'), a.y

import re
m = re.search('of(\\D+)(\\d)x\\d', 'a kernel of size3x3')
r = m.group(1), m.group(2), m.group(1, 2), m.groups(), m[0], re.findall('[0-9]', 'a1b22'), re.match('b', 'ab'), re.fullmatch('a.', 'ab').group()

import importlib
name = 'math'
r = importlib.import_module(name).sqrt(9), __import__(name).sqrt(4), importlib.import_module('collections').OrderedDict(a=1)['a']

try:
    importlib = __import__('import' + 'lib')
    importlib.import_module('no_such_package_anywhere')
    r = 1
except ImportError:
    r = 2

a, b = {'x': 1, 'y': 2}, {'y': 3, 'z': 4}
r = sorted(a.keys() & b.keys()), sorted(a.keys() | b.keys()), sorted(a.keys() - b.keys()), a.keys() == {'y': 0, 'x': 0}.keys(), len(a.keys())

def f(a, *, b=1, c=2):
    return a
r = f.__kwdefaults__, (lambda x: x).__kwdefaults__
"""


def snippets() -> list[str]:
    return SNIPPETS.strip().split("\n\n")


def as_data(value: Any) -> Any:
    """Python's own value, with named tuples as tuples."""
    if isinstance(value, tuple):
        return tuple(as_data(each) for each in value)
    if isinstance(value, list):
        return [as_data(each) for each in value]
    if isinstance(value, dict):
        return {key: as_data(each) for key, each in value.items()}
    return value


def run(text: str, names: dict[str, Any]) -> None:
    """Run a snippet in Python itself, which warns of some of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(text, "snippet", "exec", dont_inherit=True)
    exec(code, names)


@pytest.mark.parametrize("text", snippets(), ids=lambda text: text.strip().splitlines()[0][:60])
def test_it_means_what_python_means(text: str) -> None:
    names: dict[str, Any] = {"__name__": "snippet"}
    run(text, names)

    assert answer(text) == as_data(names["r"])


def test_there_are_many_snippets() -> None:
    assert len(snippets()) > 70


@pytest.mark.parametrize(
    "text",
    [
        "r = 1 + 'a'",
        "r = undefined",
        "r = [1]['a']",
        "r = 1 / 0",
        "r = {}['a']",
        "def f(a): pass\nr = f()",
        "def f(a): pass\nr = f(1, 2)",
        "def f(a): pass\nr = f(b=1)",
        "r = int('x')",
        "a, b = 1, 2, 3\nr = a",
        "r = None.x",
        "raise ValueError('x')",
        "assert 0",
        "r = {[]: 1}",
        "r = (1)(2)",
        "for i in 3: r = i",
        "class A: pass\nr = A(1)",
        "r = max([])",
        "r = next(iter([]))",
        "r = [1]\nr.Append(2)",  # not passed over, though no method of this name changes a list
    ],
)
def test_what_python_refuses_is_refused(text: str) -> None:
    with pytest.raises((ArithmeticError, AssertionError, AttributeError, LookupError, NameError,
                        StopIteration, TypeError, ValueError)):  # fmt: skip
        run(text, {})
    with pytest.raises(SpecError):
        answer(text)


def test_instances_are_no_python_objects() -> None:
    text = "class A:\n    pass\nr = A()"

    assert isinstance(answer(text), Instance)
