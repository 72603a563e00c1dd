"""Names that are put together by chance from our own lists; a likeness to a real one is chance."""

from random import Random

# Roughly as often as they are met: the first ones come several times.
SURNAMES = (
    "王李张刘陈杨黄赵吴周" * 6 + "徐孙马朱胡郭何高林罗" * 3 + "郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于"
    "蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛"
)
SINGLE = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅春燕波斌宁琴辉鹏"
FIRST = "国建志文晓海玉秀春永德家俊子雨思嘉金新天明少小美佳"
SECOND = "强华明军平英芳兰红霞玲伟杰辉涛峰丽敏静娟林生荣祥福"


def full_name(chance: Random) -> str:
    """A surname and a given name: one sign for one in eight, two for the others."""
    surname = chance.choice(SURNAMES)
    if chance.random() < 0.125:
        return surname + chance.choice(SINGLE)
    return surname + chance.choice(FIRST) + chance.choice(SECOND)
