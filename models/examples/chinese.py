"""The catalogue in Chinese: title and note of each documented network, in words of our own."""

from __future__ import annotations

CHINESE: dict[str, tuple[str, str]] = {
    "sequential": (
        "由层组成的列表就是网络",
        "两个线性层，中间一个 ReLU，依次调用。各行的顺序就是运行的顺序；ReLU 有一行，但没有参数。",
    ),
    "mlp": (
        "自己的块",
        "同样的计算，写成一个有自己 forward 的类。ReLU 在那里当作函数使用，所以树里没有它的行："
        "前向运行之后，它出现在调用列表里。",
    ),
    "my_sequential": (
        "自己的容器",
        "这个容器把收到的模块登记为“0”、“1”……并按这个顺序调用，nn.Sequential 做的也就是这些。"
        "登记之后，各层才有自己的行和键。",
    ),
    "fixed_hidden_mlp": (
        "前向中的代码",
        "同一个线性层调用两次，两次之间乘以一个不是参数的常数，再用循环不断减半，直到绝对值之和不大于 1。"
        "文档印出的 forward 在设置 X 之前就读取它，会引发 UnboundLocalError；这里的网络按文档的文字描述写成。",
    ),
    "parameter_access": (
        "访问参数",
        "参数是复合的对象：有值、梯度和其他信息。最后一层的偏置可以用下标、名字和键来取；"
        "第一次反向之前，它的梯度是 None，而不是零。",
    ),
    "rgnet": (
        "嵌套块的参数",
        "网络里有块，块里又有块，像嵌套的列表那样访问：rgnet[0][1][0].bias 的键是 `0.block 1.0.bias`。"
        "输入的两行输出几乎相同；沿途看各处的值，可以看到它们的差别在哪里丢失。",
    ),
    "initialized": (
        "内置与自定义的初始化",
        "这一节的各种初始化依次用过，最后一种留了下来：权重在 -10 到 10 之间均匀抽取，绝对值小于 5 的设为 0，偏置为零。"
        "在控制台再用别的初始化，看数值怎样改变；不去管它时，线性层从 ±1/√in_features 中抽取。",
    ),
    "shared": (
        "两个名字，同一个层",
        "层 `2` 和 `4` 是同一个对象：改变一个，另一个也就变了，两次使用的梯度加在一处。它的 72 个参数只算一次。",
    ),
}
"""By the name of the network."""
