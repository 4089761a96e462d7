# ruff: noqa: E501, a source is a line
"""Sources that try to do something, or to cost something: each must end in a SpecError."""

from __future__ import annotations

HEAD = "import torch\nfrom torch import nn\n"


def net(forward: str, init: str = "pass") -> str:
    """A module with these statements in its `__init__` and its forward."""
    inner = "\n        ".join(init.splitlines())
    body = "\n        ".join(forward.splitlines())
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        {inner}\n    def forward(self, x):\n        {body}\n        return x\n"
    )


def build(statements: str) -> str:
    """A function with these statements that is called for the model."""
    body = "\n    ".join(statements.splitlines())
    return f"{HEAD}def make():\n    {body}\n    return nn.ReLU()\nmodel = make()\n"


# name: source
SOURCES: dict[str, str] = {
    # reaching out
    "import os": build("import os\nos.system('touch /tmp/cnncalc-hostile')"),
    "import subprocess": build("import subprocess\nsubprocess.run(['touch', '/tmp/x'])"),
    "import socket": build("import socket\nsocket.create_connection(('127.0.0.1', 9))"),
    "dunder import": build("__import__('os').system('id')"),
    "importlib": build("import importlib\nimportlib.import_module('os').getcwd()"),
    "eval": build("eval('__import__(\"os\").getcwd()')"),
    "exec": build("exec('import os')"),
    "compile": build("compile('1', '', 'eval')"),
    "open": build("open('/etc/passwd').read()"),
    "open for writing": build("open('/tmp/cnncalc-hostile', 'w').write('x')"),
    "input": build("input()"),
    "breakpoint": build("breakpoint()"),
    "pathlib": build("from pathlib import Path\nPath('/etc/passwd').read_text()"),
    "shutil": build("import shutil\nshutil.rmtree('/tmp/nothing')"),
    "ctypes": build("import ctypes\nctypes.CDLL(None)"),
    "pickle": build("import pickle\npickle.loads(b'cos\\nsystem\\n')"),
    "urllib": build("from urllib.request import urlopen\nurlopen('http://localhost')"),
    "threading": build("import threading\nthreading.Thread(target=print).start()"),
    "sys modules": build("import sys\nsys.modules['os'].getcwd()"),
    "sys exit": build("import sys\nsys.exit(0)"),
    "exit": build("exit()"),
    "raise SystemExit": build("raise SystemExit"),
    "raise KeyboardInterrupt": build("raise KeyboardInterrupt"),
    "globals": build("globals()['__builtins__']"),
    "torch.hub": build("m = torch.hub.load('user/repo', 'net')\nm.weight.data.storage().x + 1"),
    "torch extension": build("torch.ops.load_library('x.so')"),
    "decorator that runs": f"{HEAD}import os\n@os.register\nclass Net(nn.Module):\n    x = os.environ['A'] + 1\n",
    # dunder tricks
    "subclasses": build("().__class__.__bases__[0].__subclasses__()"),
    "mro": build("[].__class__.__mro__[1].__subclasses__()"),
    "globals of a function": build("def f(): pass\nf.__globals__['x']"),
    "code of a function": build("def f(): pass\nf.__code__.co_consts"),
    "builtins of print": build("print.__self__.eval('1')"),
    "class of a module": build("nn.__loader__.load_module('os')"),
    "dict of a class": build("nn.Conv2d.__dict__['forward'].__globals__"),
    "getattr dunder": build("getattr(getattr((), '__class__'), '__base__')"),
    "format attribute": build("'{0.__class__.__mro__}'.format(1)"),
    "format item": build("'{0[__class__]}'.format({})"),
    "percent bomb": build("'%999999999d' % 1"),
    "metaclass": build("type('X', (), {'a': 1})"),
    "new": build("class A:\n    def __new__(cls):\n        return cls\nA()"),
    "reduce": build("class A:\n    def __reduce__(self):\n        return (print, ())\nimport copy\ncopy.deepcopy(A()).x"),
    "setattr on a library": build("nn.Module.__call__ = eval\nnn.ReLU()(1)"),
    "setattr on a builtin": build("len.__call__ = 1\nint.x = 1\n(1).x = 2"),
    "super trick": build("super(int, 1).__reduce__()"),
    "traceback": build("try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_globals"),
    "generator frame": build("g = (i for i in [1])\ng.gi_frame.f_back"),
    # loops and recursion
    "endless while": build("while True:\n    pass"),
    "endless while in a forward": net("while True:\n    x = x + 1"),
    "endless for": build("for i in range(10 ** 15):\n    pass"),
    "endless list": build("a = [1]\nfor i in a:\n    a.append(i)"),
    "endless recursion": build("def f(n):\n    return f(n + 1)\nf(0)"),
    "endless forward": net("return self(x)"),
    "endless property": build("class A:\n    @property\n    def a(self):\n        return self.a\nA().a"),
    "endless getattr": build("class A:\n    def __getattr__(self, n):\n        return getattr(self, n + 'a')\nA().b"),
    "mutual recursion": build("def f():\n    return g()\ndef g():\n    return f()\nf()"),
    "recursive lambda": build("f = lambda f: f(f)\nf(f)"),
    "recursive class": build("class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\nA()"),
    "module in itself": net("return self.me(x)", "self.me = self"),
    "endless generator": build("def g():\n    while True:\n        yield 1\nlist(g())"),
    "endless iter": build("class A:\n    def __iter__(self):\n        return iter(A())\nlist(A())"),
    "nested comprehension": build("[0 for a in range(10000) for b in range(10000)]"),
    "endless retry": build("def f():\n    while True:\n        try:\n            1 / 0\n        except ZeroDivisionError:\n            pass\nf()"),
    "exponential calls": build("def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\nf(60)"),
    "layers without end": net("for i in range(10 ** 6):\n    x = self.c(x)", "self.c = nn.Conv2d(3, 3, 1)"),
    "modules without end": build("nn.Sequential(*[nn.Conv2d(3, 3, 1) for i in range(10 ** 7)])"),
    # numbers, strings and collections
    "power tower": build("9 ** 9 ** 9 ** 9"),
    "shift": build("1 << 10 ** 9"),
    "growing product": build("n = 3\nwhile True:\n    n = n * n"),
    "huge literal": build("n = 0x" + "f" * 100_000),
    "huge decimal": build("n = " + "9" * 5_000),
    "string product": build("'a' * 10 ** 10"),
    "string doubling": build("s = 'a'\nwhile True:\n    s = s + s"),
    "string join": build("'a'.join(['b' * 1000] * 1000)"),
    "string replace": build("('a' * 40000).replace('a', 'b' * 40000)"),
    "string padding": build("'a'.ljust(10 ** 10)"),
    "f-string padding": build("f'{1:>99999999999}'"),
    "list product": build("[0] * 10 ** 10"),
    "list doubling": build("a = [0]\nwhile True:\n    a = a + a"),
    "list of a range": build("list(range(10 ** 12))"),
    "tuple bomb": build("a = ()\nwhile True:\n    a = (a, a)"),
    "text of a tuple bomb": build("a = ()\nfor i in range(60):\n    a = (a, a)\nstr(a)"),
    "equal bombs": build("a = b = ()\nfor i in range(60):\n    a = (a, a)\n    b = (b, b)\na == b"),
    "deep key": build("a = ()\nfor i in range(100000):\n    a = (a,)\n{a: 1}"),
    "deep copy": build("import copy\na = []\nfor i in range(50000):\n    a = [a]\ncopy.deepcopy(a)"),
    "colliding keys": build("d = {i * (2 ** 61 - 1): 0 for i in range(10 ** 6)}"),
    "dictionary growth": build("d = {}\ni = 0\nwhile True:\n    i += 1\n    d[i] = [0] * 100"),
    "sorting": build("sorted([[i] * 100 for i in range(10 ** 6)])"),
    "zip": build("list(zip(range(10 ** 12), range(10 ** 12)))"),
    "product": build("import itertools\nlist(itertools.product(range(1000), repeat=6))"),
    "repeat": build("import itertools\nlist(itertools.repeat(1, 10 ** 12))"),
    "factorial": build("import math\nmath.factorial(10 ** 6)"),
    "format width": build("'{:>99999999}'.format(1)"),
    "huge layer": net("return self.f(x)", "self.f = nn.Linear(10 ** 12, 10 ** 12)"),
    "huge map": net("return nn.functional.interpolate(x, scale_factor=10 ** 9)"),
    "huge tensor": net("return x", "self.w = nn.Parameter(torch.zeros(10 ** 9, 10 ** 9))\nself.w + 'a'"),
    "huge view": net("return x.view(-1, *[1] * 100000, 7)"),
    "many chunks": net("return x.chunk(10 ** 9, 10)"),
    # what no parser likes
    "deep parentheses": f"{HEAD}x = {'(' * 5000}1{')' * 5000}\n",
    "deep lists": f"{HEAD}x = {'[' * 90}{']' * 90}\nmodel = x.y\n",
    "deep unary": f"{HEAD}model = {'-' * 20000}1\n",
    "deep not": f"{HEAD}model = {'not ' * 20000}1\n",
    "deep attributes": f"{HEAD}model = nn{'.a' * 20000}\n",
    "deep sums": f"{HEAD}model = 1{' + 1' * 20000}\n",
    "deep calls": f"{HEAD}model = {'nn.ReLU(' * 150}{')' * 150}\n",
    "deep lambdas": f"{HEAD}model = {'lambda: ' * 5000}1\n",
    "deep conditionals": f"{HEAD}model = {'1 if 1 else ' * 20000}1\n",
    "deep indents": HEAD + "".join(f"{' ' * n}if 1:\n" for n in range(120)) + " " * 120 + "x = 1\n",
    "deep f-strings": HEAD + "model = " + "f'{" * 60 + "1" + "}'" * 60 + "\n",
    "a million commas": f"{HEAD}model = [{'1,' * 150_000}]\n",
    "too long": "x = 1\n" * 100_000,
    "one long line": "x" * 399_000,
    "null bytes": "import torch\0\nclass Net: pass\n",
    "surrogates": "import torch\nmodel = '\ud800'\n",
    "other letters": "import torch\nclass Nет(torch.nn.Module):\n    forward = ﬁ\n",
    "bidirectional": "import torch\nmodel = '\u202e' + nn.\u2066x\n",
    "encoding cookie": "# -*- coding: utf-7 -*-\nimport torch\nmodel = +AGEA-\n",
    "unknown cookie": "# -*- coding: rot13 -*-\nvzcbeg bf\n",
    "tabs and spaces": "class Net:\n\tdef f(self):\n        return 1\n",
    "carriage returns": "import torch\rclass Net:\r x = 1\rmodel = Net(\r",
    "form feeds": "\f\f\fimport torch\n\fmodel = nn.Linear(\f3)\n",
    "only comments": "# nothing\n" * 1000,
    "empty": "",
    "not Python": "%PDF-1.7 \x01\x02 obj << /Type >> stream",
    # other kinds of code
    "async": f"{HEAD}async def make():\n    await x\nmodel = make()\n",
    "match bomb": build("match 1:\n    case {'a': x}:\n        pass"),
    "with open": build("with open('/etc/passwd') as f:\n    f.read()"),
    "walrus loop": build("while (n := 1):\n    n"),
    "star star": build("nn.Conv2d(**{str(i): i for i in range(10000)})"),
    "many arguments": build("nn.Sequential(*range(10 ** 9))"),
    "del builtins": build("del print\ndel nn\nnn.x()"),
    "global rebinding": build("global nn\nnn = 1\nnn.Conv2d"),
    "keras recursion": "import keras\ndef f(x):\n    return f(keras.layers.ReLU()(x))\nmodel = f(keras.Input((3, 3, 3)))\n",
    "keras endless": "import keras\nmodel = keras.Sequential()\nwhile True:\n    model.add(keras.layers.ReLU())\n",
    "keras lambda": "import keras\nmodel = keras.Sequential([keras.Input((3, 3, 3)), keras.layers.Lambda(lambda x: eval('1'))])\n",
    "keras get_file": "import keras\nmodel = keras.utils.get_file('x', 'http://localhost/x')\n",
    "keras load_model": "import keras\nmodel = keras.models.load_model('x.h5')\n",
}  # fmt: skip
