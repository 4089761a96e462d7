from cnncalc.executors.sliding import *
from cnncalc.executors.convolution import *
from cnncalc.executors.pooling import *
