"""Which words are given names and surnames: lists of names in many languages, and rules of Chinese.

The lists hold what is common in 30 countries; a name that is not in them can still be one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w".split()
_FINALS = (
    "a o e ai ei ao ou an en ang eng ong i ia ie iao iu ian in iang ing iong u ua uo uai ui uan un "
    "uang ue ve v er"
).split()
_SYLLABLE = "(?:(?:{})?(?:{}))".format(
    *("|".join(sorted(sounds, key=len, reverse=True)) for sounds in (_INITIALS, _FINALS))
)
_GIVEN_PINYIN = re.compile(rf"{_SYLLABLE}(?:['-]?{_SYLLABLE})?")
_PINYIN_FAMILY = frozenset(
    """wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng
    liang xie song tang deng han feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye
    cheng wei su lu ding ren shen yao jin cui zhong tan fan shi liao jia xia fu fang zou xiong
    bai meng qin qiu hou yin xue yan lei long tao mao hao gong shao wan gu dai mo kong xiang
    chang niu hang ge fei kang yi mu bao hong tong an qi ni chi ji miao jiao""".split()
)
_CHINESE_FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔"
    "向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌"
    "毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连"
    "芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖"
    "巩明佘池查麻苑迟邝張劉陳楊黃趙吳孫馬鄭謝許韓鄧馮蕭葉蔣蘇呂盧鍾譚陸範賈韋鄒閻龍賀顧龔萬錢嚴湯"
)

_CHINESE_WORDS = frozenset(
    """安全 管理 任务 方法 方案 方向 高级 高效 高性 高可 时间 时代 时序
    全面 全球 全栈 单元 单机 项目 计算 计划 平台 成果 应用 常见 常用 温度
    包括 程序 金融 金额 石油 关于 关键 关系 万物 明确 和谐 路由 路线 华为
    向量 江苏 江南 江西 云南 云原 水平 席位 齐全 武汉 成都 成功 成员 广州
    广告 沈阳 于是 何时 何为 何谓 白皮 马上 马来 边缘 容器 元数 元宇 甘肃
    车辆 文档 文件 文本 文化 文献 易用 简介 简单 简化 经验 经济 经典 权限
    祝福 谢谢 感谢 台湾 台北 宁波 宁夏 盛大 广泛 海量 都市 党员 国家 国际
    国内 通用 通信 通过 池化 解决 解析 解释 解读 项链 强化 强大 季度 毕业
    连接 连续 古典 司法 农业 丰富 荣誉 华东 华南 华北 康复 施工 柏林 米兰
    林业 田间 雷达 龙芯 史上 钱包 景区 房产 房屋 费用 薄弱 顾问 顾客 部署
    部分 孔径"""
    "".split()
)
"""Words whose first character is a surname too."""


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Return given names in small letters, without accents too."""
    return _listed("given")


@lru_cache(maxsize=1)
def family_names() -> frozenset[str]:
    """Return surnames in small letters, without accents too."""
    return _listed("family")


def _listed(kind: str) -> frozenset[str]:
    text = (files(__package__) / "names.txt").read_text(encoding="utf-8")
    names: set[str] = set()
    for line in text.splitlines():
        if line.startswith(f"{kind}:"):
            names.update(line.partition(":")[2].split())
    return frozenset(names | {without_accents(name) for name in names})


def without_accents(word: str) -> str:
    """Return a word with plain letters for accented ones."""
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def is_chinese_name(text: str) -> bool:
    """Tell whether the text is a name in Chinese characters: a surname and one or two more."""
    text = text.replace(" ", "")
    return (
        2 <= len(text) <= 3
        and text[0] in _CHINESE_FAMILY
        and all("\u4e00" <= c <= "\u9fff" for c in text)
        and text[:2] not in _CHINESE_WORDS
        and text[0] != text[1]
    )


def is_pinyin_name(words: list[str]) -> bool:
    """Tell whether two words in small letters are a Chinese name in Latin letters."""
    if len(words) != 2:
        return False
    for family, first_name in (words, words[::-1]):
        if (
            family in _PINYIN_FAMILY
            and 2 <= len(first_name) <= 11
            and _GIVEN_PINYIN.fullmatch(first_name)
        ):
            return True
    return False
