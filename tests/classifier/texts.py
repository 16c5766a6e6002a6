# ruff: noqa: E501 - texts, a paragraph a line
"""Texts that no judge was trained on, written for these tests: boilerplate, and real text of many kinds."""

BOILERPLATE = {
    "en consent": (
        "Your privacy settings\nWe would like to set optional cookies to understand how you use this service and to show "
        "you relevant advertising. You can change your mind whenever you like in Settings. Accept additional cookies. "
        "Reject additional cookies. View cookies. Save and continue. List of partners (vendors). Privacy statement."
    ),
    "en shop": (
        "Home / Kitchen / Kettles\nSort by: Featured\nFilter\nAdd to cart\n$24.99\n4.5 out of 5 stars (1,204)\nAdd to cart\n"
        "$31.50\nSold out\nNotify me\nFree shipping over $35\nSubscribe to our newsletter for 10% off your first order\n"
        "Returns\nTrack order\nGift cards\nStore finder\nFollow us\nPrivacy\nTerms\n© 2023 All rights reserved"
    ),
    "en news frame": (
        "Skip to content\nSubscribe | Log in\nWorld\nUK\nPolitics\nBusiness\nSport\nCulture\nMore\nMost read\nShare on Facebook\n"
        "Share on Twitter\nShare via Email\nRelated articles\nAdvertisement\nSign up for our daily briefing\nContact us\n"
        "Help\nWork for us\nTerms & conditions\nAll topics\nAll writers\nDigital newspaper archive\nBack to top"
    ),
    "en forum frame": (
        "Register Login\nBoard index\nFAQ Search\nPost a reply\n12 posts • Page 1 of 2\nJoined: Sat Mar 03, 2007\nPosts: 482\n"
        "Top\nDisplay posts from previous: All posts\nSort by Post time\nReturn to General discussion\nJump to\n"
        "Who is online\nUsers browsing this forum: No registered users and 3 guests\nDelete all board cookies"
    ),
    "en error": (
        "Page not found\nSorry, we couldn't find the page you were looking for. It may have been moved or deleted. Check the "
        "URL or return to the homepage. Search our site. Contact support. Site map. Report a broken link."
    ),
    "en spam": (
        "cheap car insurance quotes online, best car insurance rates, compare car insurance, low cost auto insurance near me, "
        "free insurance quote, buy insurance online, discount auto insurance Dallas, insurance agents, top 10 insurance"
    ),
    "zh frame": (
        "首页 资讯 视频 图片 专栏 论坛\n登录 | 注册\n微信扫一扫 分享到朋友圈\n责任编辑：李明\n相关阅读\n热门排行\n下载APP\n"
        "关于我们 | 联系我们 | 广告刊例 | 加入我们 | 版权声明 | 隐私保护\n京ICP备12345678号 京公网安备\n"
        "违法和不良信息举报\nCopyright 2022 版权所有 未经授权不得转载"
    ),
    "zh shop": (
        "天天特价 正品保证 七天包退\n¥59.00 月销3000+件\n加入购物车 立即购买 收藏宝贝\n颜色 尺码 请选择\n宝贝详情 累计评价 "
        "成交记录\n店铺首页 联系客服 关注店铺\n满100减20 领取优惠券\n包邮 48小时内发货 支持花呗"
    ),
    "zh login": (
        "用户登录\n手机号/邮箱\n密码\n记住密码 忘记密码？\n登录\n其他登录方式 微信 QQ 微博\n没有账号？去注册\n"
        "登录即表示您已阅读并同意《用户协议》和《隐私政策》\n获取验证码 重新发送（60s）"
    ),
    "zh error": (
        "很抱歉，您要访问的页面不存在，可能已被删除或者地址有误。5秒后将自动返回网站首页。返回上一页 网站地图 联系管理员 "
        "请检查您输入的网址是否正确"
    ),
    "zh spam": (
        "北京二手车价格，北京二手车交易市场，二手车报价大全，二手车哪个网站好，二手车过户流程费用，二手车评估，附近二手车市场，"
        "低价二手车出售，二手车图片，二手车贷款公司电话"
    ),
    "zh forum": (
        "发帖 回复 返回列表\n楼主 发表于 2015-6-3 10:22 | 只看该作者 | 倒序浏览\n注册时间 积分 帖子 好友\n沙发 板凳 3楼\n"
        "顶 踩 收藏 分享 举报\n您需要登录后才可以回帖 登录 | 立即注册\n本版积分规则 快速回复 返回顶部"
    ),
    "zh traditional frame": (
        "會員登入 加入會員 購物車(0) 訂單查詢\n首頁 > 最新消息\n分享到 Facebook LINE\n上一則 下一則 回列表\n"
        "隱私權政策 服務條款 聯絡我們 常見問題\n版權所有 轉載必究 建議使用Chrome瀏覽器"
    ),
}

REAL = {
    "en statute": (
        "§ 12. Duties of the keeper.\n(a) The keeper of an inn shall keep a register of all guests for two years.\n(b) The "
        "register shall be open to inspection by any peace officer who produces a warrant.\n(c) A keeper who fails to comply "
        "with subsection (a) is liable to a civil penalty not exceeding five hundred dollars for each day of default."
    ),
    "en report table": (
        "| | 2021 | 2020 |\n| --- | --- | --- |\n| Trade receivables | 4,812 | 5,003 |\n| Allowance for losses | (212) | (198) |\n"
        "| Net receivables | 4,600 | 4,805 |\nThe allowance rose because two customers in the shipping business were overdue."
    ),
    "en answer": (
        "What causes nosebleeds?\nMost nosebleeds come from small vessels at the front of the nose, which break when the air is "
        "dry or the nose is picked or blown hard. Blood thinners make them last longer. Lean forward and pinch the soft part "
        "of the nose for ten minutes; see a doctor if it goes on bleeding."
    ),
    "en short news": "The ferry ran aground off the cape at dawn on Tuesday; all 48 people aboard were taken off unhurt.",
    "en docs": (
        "reverse(list) returns a new list with the items in the opposite order. The argument is not changed.\n\n"
        "    >>> reverse([1, 2, 3])\n    [3, 2, 1]\n\nIt raises TypeError if the argument is not a list. To reverse in place use "
        "list.reverse(), which returns None."
    ),
    "en steps": (
        "1. Switch the boiler off and let it cool.\n2. Close the valves on both sides of the pump.\n3. Put a bucket under the "
        "joint and undo the nuts.\n4. Fit the new pump with the arrow pointing in the direction of flow.\n5. Open the valves, "
        "bleed the air and switch the boiler on."
    ),
    "en tale": (
        "The miller's youngest son slept in the loft, where the owls were, and so he was the first to hear the horses. He woke "
        "his brothers, but they laughed at him and turned over, and when the roof was burning they had no time to be sorry."
    ),
    "en verse": (
        "I kept the key, I kept the lamp,\nI kept the letter too;\nThe stair is dark, the wall is damp,\n"
        "And nothing keeps like you."
    ),
    "zh statute": (
        "第八条 用水单位应当安装计量设施，按照批准的用水计划取水。\n第九条 有下列情形之一的，水行政主管部门可以核减其用水量：\n"
        "（一）因自然原因水源不能满足正常供水的；\n（二）连续两年未达到节约用水标准的。\n第十条 违反前条规定的，责令改正，处二千元以下罚款。"
    ),
    "zh short news": "昨日凌晨，一艘渔船在近海触礁，船上九名渔民全部获救，海事部门正在调查原因。",
    "zh market": "受降雨影响，东北玉米收购价每吨上涨二十元，多家饲料企业表示库存尚可维持一个月，短期内不会提价。",
    "zh answer": (
        "鼻子经常出血是什么原因？\n鼻出血多由鼻腔前部的小血管破裂引起，空气干燥、挖鼻孔、用力擤鼻都可能诱发，服用抗凝药的人出血时间更长。"
        "出血时身体前倾，捏住鼻翼十分钟，如果仍然不止，应到耳鼻喉科就诊。"
    ),
    "zh docs": (
        "函数 reverse(list) 返回一个顺序相反的新列表，不会改变原来的参数。如果参数不是列表，则抛出 TypeError。"
        "需要原地反转时，请调用 list.reverse()，它没有返回值。"
    ),
    "zh steps": (
        "1. 关闭锅炉，等水温降下来。\n2. 关上水泵两侧的阀门。\n3. 在接头下面放一个水桶，拧松螺母。\n4. 装上新泵，箭头朝着水流的方向。\n"
        "5. 打开阀门，排净空气，再开锅炉。"
    ),
    "zh report table": (
        "项目　2021年　2020年\n应收账款　4,812　5,003\n坏账准备　(212)　(198)\n净额　4,600　4,805\n"
        "坏账准备增加，是因为两家航运客户的货款逾期未付。"
    ),
    "zh classical": (
        "昔有樵者，入山遇雨，避于石穴。见二老对弈，樵者观之忘归。及雨止，老人曰：子可去矣。樵者视其斧，柯已朽。还家，无复识者。"
    ),
    "zh verse": "小院深深锁暮烟\n一灯如豆照无眠\n故人不寄江南信\n又见梅花似去年",
    "zh traditional": (
        "祖父晚年耳背，卻最愛聽雨。他說雨聲不必聽清楚，聽個大概就夠了，正如往事，記得太真切反而傷人。那把藤椅至今還擺在廊下，"
        "扶手磨得發亮，彷彿他只是進屋去添一件衣裳。"
    ),
    "zh essay": (
        "许多人把读书当成任务，一年读了多少本，做了多少笔记，都要列成清单。其实书读得慢一点没有关系，真正有用的是合上书以后，"
        "你还愿意为其中的一句话想上半天。"
    ),
}
