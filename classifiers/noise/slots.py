# ruff: noqa: E501 - templates, one a line
"""What fills the slots of made-up spam and lists: places, trades, goods, people, numbers, all written for Curate (CC0 1.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "city": "Boston|Denver|Leeds|Austin|Toronto|Perth|Bristol|Miami|Chicago|Dublin|Seattle|Glasgow|Phoenix|Houston|"
        "San Diego|New York|Las Vegas|Portland|Atlanta|Sydney|Manchester|Liverpool|Vancouver|Singapore|Dubai|Orlando",
        "service": "plumber|roof repair|house cleaning|moving company|locksmith|car rental|dentist|divorce lawyer|"
        "carpet cleaning|personal trainer|web design|pest control|wedding photographer|tax advisor|tree removal|"
        "window replacement|payday loan|dog grooming|massage therapy|airport taxi|math tutor|seo agency",
        "thing": "running shoes|wireless headphones|office chair|phone case|leather wallet|coffee maker|yoga mat|"
        "led strip lights|winter jacket|gaming laptop|water bottle|solar panel|garden hose|baby stroller|air fryer|"
        "handbag|replica watch|protein powder|bluetooth speaker|desk lamp|mattress|engagement ring|power drill|printer ink",
        "brand": "Nordale|Zentro|Kivana|Apexon|Lumira|Portex|Quill|Vantiq|Orsen|Maplecraft|Bluefin|Tavola|Renko|Solvay",
        "praise": "best|cheap|top rated|affordable|professional|discount|luxury|reliable|top 10|free|new|hot|24 hour|"
        "local|trusted|high quality|wholesale|certified|low cost|premium|popular|used",
        "ask": "near me|online|for sale|reviews|price|free shipping|2024|coupon code|download|service|quotes|cost|ideas|"
        "company|deals|in stock|delivery|comparison|store|supplier|manufacturer|tutorial|pdf",
        "colour": "black|white|navy blue|red|silver|rose gold|green|grey|beige|pink",
        "first": "James|Mary|Robert|Linda|Michael|Susan|David|Karen|Daniel|Lisa|Paul|Nancy|Mark|Laura|Kevin|Emma|Omar|Priya",
        "last": "Smith|Johnson|Brown|Miller|Davis|Wilson|Moore|Taylor|Clark|Lewis|Young|Walker|Hall|King|Wright|Green|Khan",
        "street": "Main St|Oak Avenue|Maple Drive|2nd Street|Park Road|Church Lane|Washington Blvd|Hill Rd|Lake View Dr",
        "topic": "health|travel|fitness|finance|cooking|marketing|education|gardening|parenting|gaming|fashion|insurance|"
        "real estate|crypto|dating|weight loss|home decor|software",
    },
    "zh": {
        "city": "北京|上海|广州|深圳|成都|杭州|武汉|西安|南京|郑州|长沙|青岛|苏州|合肥|昆明|石家庄|东莞|佛山|重庆|天津|"
        "济南|福州|厦门|宁波|无锡|大连|沈阳|哈尔滨|长春|太原|朝阳区|浦东|天河",
        "service": "搬家公司|开锁|家政服务|疏通下水道|空调维修|月嫂|代办营业执照|装修公司|二手车|律师事务所|起名|租车|"
        "鲜花速递|保洁|物流公司|婚纱摄影|网站建设|翻译公司|会计代账|少儿英语培训|驾校|私家侦探|专业灭鼠|管道疏通|回收旧家电",
        "thing": "连衣裙|运动鞋|手机壳|蓝牙耳机|空气净化器|行车记录仪|不锈钢管|无缝钢管|减速机|阀门|包装盒|塑料托盘|"
        "洗面奶|减肥茶|羽绒服|双肩包|办公桌|仿古砖|路灯|挖掘机|净水器|茶叶礼盒|面膜|婴儿车|电动车|叉车|保温杯|名表",
        "brand": "优选家|美尔康|诺维|金鹿|云帆|海蓝|天悦|华玉|博雅|乐购|新源|佳丽|康泰|瑞恩|百盛|盛达|永信|恒通",
        "praise": "专业|正规|便宜的|最好的|十大|优质|高端|特价|新款|2024年|附近|口碑好的|知名|诚信|热销|靠谱|免费|官方|包邮|进口",
        "ask": "哪家好|多少钱|价格|厂家|批发|排名|怎么样|电话|加盟|图片|品牌|公司|报价|大全|下载|官网|招聘|推荐|地址|供应商|代理|优惠|教程|视频",
        "colour": "黑色|白色|藏青|红色|银色|玫瑰金|绿色|灰色|米色|粉色",
        "first": "伟|芳|娜|敏|静|强|磊|洋|勇|艳|杰|军|秀英|明|超|霞|平|刚|桂英|建国|志强|晓燕",
        "last": "王|李|张|刘|陈|杨|黄|赵|吴|周|徐|孙|马|朱|胡|郭|何|林|高|罗",
        "street": "人民路|中山路|解放大道|建设街|长江路|文化西路|新华街|和平里|创业园|科技路|幸福大街",
        "topic": "养生|旅游|健身|理财|美食|营销|教育|园艺|育儿|游戏|时尚|保险|房产|星座|情感|减肥|家居|软件|股票|彩票",
    },
}
_SLOT = re.compile(r"\{(\w+)\}")


def words(lang: str, slot: str) -> Sequence[str]:
    return _WORDS[lang][slot].split("|")


def fact(slot: str, lang: str, random: Random) -> str:
    """Something that fits a slot: a word of its list, or a made-up number, price, date, telephone or code."""
    match slot:
        case "n":
            return str(random.randint(1, 99))
        case "nn":
            return str(random.randint(100, 99999))
        case "price":
            amount = random.choice((random.randint(3, 999), random.randint(3, 99) + 0.99, random.randint(1, 99) * 100))
            return f"${amount}" if lang == "en" else random.choice((f"{amount}元", f"￥{amount}", f"¥{amount}"))
        case "date":
            year, month, day = random.randint(2005, 2025), random.randint(1, 12), random.randint(1, 28)
            return (
                f"{year}-{month:02}-{day:02}"
                if lang == "en"
                else random.choice((f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}"))
            )
        case "phone":
            if lang == "zh":
                return random.choice(("13", "15", "18", "0")) + "".join(random.choice("0123456789") for _ in range(9))
            return f"({random.randint(201, 989)}) {random.randint(200, 999)}-{random.randint(1000, 9999)}"
        case "code":
            return (
                "".join(random.choice("ABCDEFGHKLMNPRSTX") for _ in range(random.randint(1, 3)))
                + "-" * random.randint(0, 1)
                + str(random.randint(10, 99999))
            )
        case "name":
            first, last = (random.choice(words(lang, part)) for part in ("first", "last"))
            return f"{first} {last}" if lang == "en" else last + first
    return random.choice(words(lang, slot))


def filled(template: str, lang: str, random: Random) -> str:
    return _SLOT.sub(lambda slot: fact(slot[1], lang, random), template)
