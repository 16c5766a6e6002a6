"""ChatML as Curate writes it: a chat template of our own, in the language of the others."""

from __future__ import annotations

CHATML_TEXT = """\
{%- set start = 0 %}
{%- if tools %}
    {%- if messages[0].role == 'system' %}
        {%- set start = 1 %}
    {%- endif %}
    {{- '<|im_start|>system\\n' }}
    {{- messages[0].content + '\\n\\n' if start else '' }}
    {{- '# Tools\\n\\n<tools>\\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
        {{- '\\n' }}
    {%- endfor %}
    {{- '</tools>\\n\\nA call is an object of JSON:\\n<tool_call>\\n{"name": ..., "arguments": {...}}\\n</tool_call>' }}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages[start:] %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
            {%- if message.reasoning_content %}
                {{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}
            {%- endif %}
            {{- message.content or '' }}
            {%- for call in message.tool_calls or [] %}
                {{- '\\n' if message.content or not loop.first else '' }}
                {{- '<tool_call>\\n' + call.function | tojson + '\\n</tool_call>' }}
            {%- endfor %}
            {{- '<|im_end|>' }}
        {%- endgeneration %}
    {%- else %}
        {{- (message.content or '') + '<|im_end|>' }}
    {%- endif %}
    {{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
