"""The terms of three trades, Chinese and English, parted by spaces; `_` stands for a space within one."""

from __future__ import annotations

TERMS = {
    "medical": """
        patient disease symptom diagnosis diagnose diagnosed treatment therapy clinical clinic doctor physician
        hospital nurse surgery surgical medicine medication drug dose dosage tablet chronic acute syndrome disorder
        infection inflammation cancer tumor tumour diabetes hypertension pregnancy blood gene genetic mutation
        inherited symptoms vaccine virus bacteria antibiotic health medical cardiac heart kidney liver lung brain
        skin bone muscle pain fever cough asthma stroke anemia arthritis allergy immune cell prognosis screening
        biopsy radiation chemotherapy pediatric patients diseases therapies prevention risk_factors side_effects
        signs_and_symptoms health_care clinical_trial
        患者 疾病 症状 诊断 治疗 临床 医生 医院 医师 手术 药物 用药 剂量 口服 服用 慢性 急性 综合征 感染 炎症 癌
        肿瘤 糖尿病 高血压 血压 血糖 怀孕 血液 基因 疫苗 病毒 细菌 抗生素 心脏 肾 肝 肺 胃 肠 皮肤 疼痛 头痛 腹痛
        腹泻 发烧 发热 咳嗽 哮喘 过敏 免疫 检查 化验 复查 门诊 住院 护理 中医 中药 西医 西药 方剂 脉 舌 阴虚 阳虚
        气血 经络 针灸 汤 丸 煎 证候 主治 功效 病情 病因 预后 患儿 并发症 病人 恶心 呕吐 出血 水肿 医学 健康 身体
        药品 医疗 饮食 睡眠 伤寒 风寒 寒热 痰 虚 疮 甘草 人参 当归
    """,
    "law": """
        court plaintiff defendant appellant appellee petitioner respondent judge justice appeal appellate statute
        statutory section subsection paragraph pursuant attorney counsel jurisdiction docket petition opinion
        affirmed reversed remanded liability liable contract tribunal hereby thereof therein herein amended enacted
        code law laws act provision regulation regulations authority license permit penalty violation offense felony
        misdemeanor prosecution evidence testimony verdict judgment motion complaint claim lawsuit litigation legal
        rule rules order chapter title council mayor district circuit supreme bankruptcy debtor creditor trustee
        case_no filed hearing parole sentence conviction
        法 条 款 法律 法规 条例 规定 办法 第一条 第二条 第三条 法院 人民法院 人民检察院 检察院 公安机关 当事人 原告
        被告 上诉 判决 裁定 诉讼 起诉 审判 仲裁 合同 违约 侵权 赔偿 责任 刑事 民事 行政 处罚 罚款 没收 有期徒刑 犯罪
        追究 依法 施行 修订 废止 主管部门 国务院 人民政府 全国人民代表大会 常务委员会 机关 许可 登记 应当 不得 本法
        本条例 本办法 权利 义务 律师 证据 执行 案件 申请人 司法 立法 宪法 监督 管理 责令 改正 情节严重
    """,
    "finance": """
        bank banking monetary policy inflation interest rate rates economy economic federal_reserve committee fomc
        market markets financial credit loan loans mortgage capital investor investment bond bonds equity stock
        stocks share shares revenue revenues income net_income earnings profit loss cash cash_flow asset assets
        liabilities debt balance fiscal quarter tax taxes percent growth risk liquidity securities treasury yield
        yields exchange currency dollar deposit deposits fund funds insurance amortization depreciation goodwill
        consolidated accounting total unemployment output labor lending prices price gdp supervision regulatory
        institutions
        银行 货币 政策 利率 通胀 通货膨胀 经济 市场 金融 信贷 贷款 资本 投资 投资者 债券 股票 股份 股价 上市 公司
        收入 营收 净利润 利润 亏损 现金 资产 负债 债务 财政 季度 税 增长 风险 流动性 证券 国债 收益率 汇率 人民币
        美元 存款 基金 保险 会计 指数 涨 跌 涨幅 跌幅 成交 证监会 银监会 保监会 央行 中国人民银行 亿元 万元 同比
        环比 交易 交易所 期货 融资 并购 重组 股东 公告 持股 减持 增持 机构 监管 业绩 板块 行情 支付 信托 外汇 拟
        回购
    """,
}
